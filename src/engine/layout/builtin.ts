import type { Style } from "../spec/experiment.ts";
import type { Arrangement } from "./layout.ts";

/** Headings are read well by every model family and cost few tokens; `style:` changes it. */
export const defaultStyle: Style = "markdown";

/** The layouts that every experiment can name, in the order menus show them. Each but the first is its transform applied to the first. */
export const builtinLayouts: readonly Arrangement[] = [
  {
    name: "standard",
    description:
      "All that is fixed in the system message; the text to judge and then the question in the user message.",
    system: ["role", "instructions", "definitions", "examples", "output"],
    user: ["context", "segment", "question"],
    style: defaultStyle,
    examplesAs: "text",
    repeat: 1,
  },
  {
    name: "recency",
    description: "Everything static first; the text to judge, then what must be decided and in what form, last.",
    system: ["role", "instructions", "definitions", "examples"],
    user: ["context", "segment", "question", "output"],
    style: defaultStyle,
    examplesAs: "text",
    repeat: 1,
  },
  {
    name: "sandwich",
    description: "The text to judge between the instructions and a short quick check that restates the decision.",
    system: ["role", "definitions", "examples", "output"],
    user: ["instructions", "context", "segment", "question", "quickCheck"],
    style: defaultStyle,
    examplesAs: "text",
    repeat: 1,
  },
  {
    name: "minimal-system",
    description: "Only the role in the system message, all else in the user message.",
    system: ["role"],
    user: ["instructions", "definitions", "examples", "output", "context", "segment", "question"],
    style: defaultStyle,
    examplesAs: "text",
    repeat: 1,
  },
  {
    name: "question-first",
    description: "The question before the context and the text to judge.",
    system: ["role", "instructions", "definitions", "examples", "output"],
    user: ["question", "context", "segment"],
    style: defaultStyle,
    examplesAs: "text",
    repeat: 1,
  },
  {
    name: "question-both",
    description: "The question before the context and the text to judge, and again after them.",
    system: ["role", "instructions", "definitions", "examples", "output"],
    user: ["question", "context", "segment", "question"],
    style: defaultStyle,
    examplesAs: "text",
    repeat: 1,
  },
  {
    name: "instructions-last",
    description: "The instructions and the output format after the text to judge.",
    system: ["role", "definitions", "examples"],
    user: ["context", "segment", "question", "instructions", "output"],
    style: defaultStyle,
    examplesAs: "text",
    repeat: 1,
  },
  {
    name: "chat-examples",
    description: "The examples as earlier turns of the conversation: a user message and an assistant's answer each.",
    system: ["role", "instructions", "definitions", "examples", "output"],
    user: ["context", "segment", "question"],
    style: defaultStyle,
    examplesAs: "turns",
    repeat: 1,
  },
  {
    name: "repetition",
    description: "The user message's text stands in it twice.",
    system: ["role", "instructions", "definitions", "examples", "output"],
    user: ["context", "segment", "question"],
    style: defaultStyle,
    examplesAs: "text",
    repeat: 2,
  },
  {
    name: "static-first",
    description:
      "Every fixed part before everything that varies, so that a provider's prefix cache serves as much as it can.",
    system: ["role", "instructions", "definitions", "examples", "output", "question"],
    user: ["context", "segment"],
    style: defaultStyle,
    examplesAs: "text",
    repeat: 1,
    fixedFirst: true,
  },
];

export const standardLayout = builtinLayouts[0] as Arrangement;

export function builtinLayout(name: string): Arrangement | undefined {
  return builtinLayouts.find((layout) => layout.name === name);
}

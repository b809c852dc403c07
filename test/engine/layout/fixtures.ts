import type { Example } from "../../../src/engine/dataset/example.ts";
import { standardLayout } from "../../../src/engine/layout/builtin.ts";
import type { Arrangement } from "../../../src/engine/layout/layout.ts";
import type { ExperimentParts } from "../../../src/engine/layout/parts.ts";
import { messageText, type Prompt } from "../../../src/engine/prompt/prompt.ts";
import type { OutputPart, Scalar } from "../../../src/engine/spec/experiment.ts";

export const labelOutput: OutputPart = {
  type: "label",
  labels: "auto",
  schema: undefined,
  confidence: false,
  maxCandidates: 5,
  text: undefined,
};

export const labels = ["card_arrival", "lost_card", "refund"];

/** Every part there is; context and segment vary. */
export const fullParts: ExperimentParts = {
  texts: {
    role: "You label messages that customers send to a bank.",
    instructions: "Read the message and decide which intent it has.\nIf two fit, take the one the customer acts on.",
    definitions:
      "card_arrival: a new card has not come yet.\nlost_card: a card is gone.\nrefund: money should come back.",
    context: "Customer since {{since}}.",
    segment: "{{text}}",
    question: "Which intent is it?",
    quickCheck: "Answer with one label from the list.",
  },
  demonstrations: {
    kind: "pool",
    pool: [
      { input: "My card still has not come.", output: "card_arrival" },
      { input: "I left my card on the bus.", output: "lost_card" },
      { input: "I want my money back.", output: "refund" },
    ],
    count: 2,
    select: "first",
  },
  output: labelOutput,
  labels,
  seed: 1,
};

export function row(fields: Record<string, Scalar | null>, id = "1"): Example {
  return { id, row: 1, line: 2, fields, expected: undefined };
}

export const anExample = row({ text: "It has been two weeks and nothing came in the post.", since: 2019 });

export function arrangement(change: Partial<Arrangement> = {}): Arrangement {
  return { ...standardLayout, ...change };
}

/** A prompt as people read it: each message under a line with its role. */
export function transcript(prompt: Prompt): string {
  return prompt.messages.map((message) => `[${message.role}]\n${messageText(message)}\n`).join("\n");
}

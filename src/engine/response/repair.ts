import type { Message } from "../prompt/prompt.ts";
import type { ParsedAnswer } from "./answer.ts";

/** The most of a wrong answer that is shown to its author again. */
const quoted = 4000;

/** The two turns that ask once more after an answer that could not be read: the answer itself, and what is wrong with it. */
export function repairMessages(
  answer: string,
  problem: Extract<ParsedAnswer, { kind: "invalid" }>,
): readonly Message[] {
  return [
    { role: "assistant", content: answer.slice(0, quoted) },
    {
      role: "user",
      content: `That answer could not be used: ${problem.message}. Answer again, in exactly the format asked for and with nothing else.`,
    },
  ];
}

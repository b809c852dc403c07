import { completion } from "../response/complete.ts";
import type { LimitsSpec, OutputPart } from "../spec/experiment.ts";

/** Watches a text while it is written; true says that the rest need not be. */
export type TextWatch = (textSoFar: string) => boolean;

const readToTheEnd: TextWatch = () => false;

/**
 * Whether a model's answers are streamed, and when to stop reading; undefined asks for whole answers.
 *
 * A stream that is left early ends the server's work, but the usage comes with its last piece and is lost: tokens are then
 * counted here, and a cost is an estimate. So `auto` stops early only where what is generated costs time and no money, on
 * local models. Elsewhere long answers are read to their end, for the time to first token alone, and labels and numbers are
 * not streamed at all: they end at once by themselves, and reading a stream costs the client several times the CPU.
 */
export function streaming(
  mode: LimitsSpec["stream"],
  facts: { readonly local: boolean; readonly replayed: boolean },
  output: OutputPart,
  labels: readonly string[],
): TextWatch | undefined {
  if (mode === "off" || facts.replayed) return undefined;
  if (mode === "on" || facts.local) return completion(output, labels) ?? readToTheEnd;
  const short = (output.type === "label" || output.type === "number") && !output.confidence;
  return short ? undefined : readToTheEnd;
}

import type { OutputPart } from "../spec/experiment.ts";
import { readJson } from "./json.ts";
import { labelMatcher } from "./labels.ts";
import { onlyNumber } from "./numbers.ts";

/**
 * Tells when a streamed answer is complete, so that the rest need not be written: the whole JSON value stands there, the line
 * with the label or number has ended, the fence around the query is closed. What it says is never in doubt afterwards, so a
 * text that is still open in any way is not complete. Undefined for free text, which is complete when the model says so.
 */
export function completion(
  output: OutputPart,
  labels: readonly string[],
): ((textSoFar: string) => boolean) | undefined {
  const json = (text: string) => /[}\]]\s*(?:```\s*)?$/.test(text.slice(-12)) && readJson(text).kind === "json";
  switch (output.type) {
    case "json":
    case "ranked":
      return json;
    case "label": {
      if (output.confidence) return json;
      if (labels.length === 0) return undefined;
      const matcher = labelMatcher(labels);
      return (text) => json(text) || lineHolds(text, (line) => matcher.whole(line) !== undefined);
    }
    case "number":
      return output.confidence ? json : (text) => json(text) || lineHolds(text, (line) => isNumber(line));
    case "sql":
      return output.confidence ? json : (text) => /^\s*```[\s\S]*\n```\s*$/.test(text);
    case "text":
      return output.confidence ? json : undefined;
  }
}

/** True when the first line has ended and is an answer by itself. */
function lineHolds(text: string, isAnswer: (line: string) => boolean): boolean {
  const start = text.search(/\S/);
  const end = start === -1 ? -1 : text.indexOf("\n", start);
  // A line that introduces, or a thought, is no answer; what follows it may be.
  return end !== -1 && isAnswer(text.slice(start, end));
}

/** A bare number: a sum on the first line may be the start of a calculation. */
function isNumber(line: string): boolean {
  return onlyNumber(line) !== undefined && /^[^A-Za-z=]*$/.test(line);
}

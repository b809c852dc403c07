import { fieldsOf } from "../../base/untyped.ts";
import { confidenceIn } from "./confidence.ts";
import { findJson } from "./json.ts";

/** Names under which an object may hold the one thing that was asked for. */
export const answerNames = [
  "answer",
  "label",
  "final_answer",
  "final_response",
  "prediction",
  "category",
  "class",
  "intent",
  "result",
  "output",
  "choice",
  "value",
  "query",
  "sql",
];

/** The answer inside a JSON object, if the text is one: by a usual name, or the only member beside a confidence. */
export function answerInJson(
  text: string,
): { readonly answer: string; readonly confidence: number | undefined } | undefined {
  if (!text.includes("{")) return undefined;
  const fields = fieldsOf(findJson(text));
  if (fields === undefined) return undefined;
  const lower = new Map(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]));
  const scalar = (value: unknown) =>
    typeof value === "string" || typeof value === "number" ? String(value) : undefined;
  const others = Object.entries(fields).filter(
    ([name]) => !/^(confidence|probability|certainty|reason\w*|explanation|rationale|id)$/i.test(name),
  );
  const named = answerNames.map((name) => scalar(lower.get(name))).find((value) => value !== undefined);
  const answer = named ?? (others.length === 1 ? scalar(others[0]?.[1]) : undefined);
  return answer === undefined ? undefined : { answer, confidence: confidenceIn(fields) };
}

/** Words that announce a conclusion, and what follows them on their line. */
const announcement =
  /(?:^|[\s*_#"])(?:answer|label|category|intent|class|result|prediction|sentiment|choice|option)[*_]*(?:\s*[:=]|(?: choice| option)?(?: (?:for|to|of|in)\b[^.\n]{0,80}?)?\s+(?:is|would be|will be|should be)\b(?: (?:most )?(?:likely|probably)\b)?:?)\s*[*_]*\s*(\S[^\n]*)|^####\s*(\S[^\n]*)/gim;

/** What follows the last "Answer:", "the answer is", "####" or stands in `\boxed{}`: where a text announces its conclusion. */
export function conclusion(text: string): string | undefined {
  const boxed = [...text.matchAll(/\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}/g)].at(-1)?.[1];
  if (boxed !== undefined) return boxed.replace(/\\text\s*\{([^{}]*)\}/g, "$1").trim();
  const announced = [...text.matchAll(announcement)].at(-1);
  return (announced?.[1] ?? announced?.[2])?.trim();
}

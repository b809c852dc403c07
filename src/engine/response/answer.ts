import { canonicalJson } from "../../base/json.ts";
import { fieldsOf } from "../../base/untyped.ts";
import type { OutputPart } from "../spec/experiment.ts";
import { answerInJson, answerNames, conclusion } from "./announced.ts";
import { confidenceIn, takeConfidence } from "./confidence.ts";
import { findJson, type JsonProblem, readJson } from "./json.ts";
import { type FieldError, schemaErrors } from "./jsonSchema.ts";
import { labelMatcher, undress } from "./labels.ts";
import { numbersIn, onlyNumber } from "./numbers.ts";
import type { Outcome, Recorded } from "./outcome.ts";
import { findSql } from "./sql.ts";

/** What an answer says, or why it says nothing that was asked for. */
export type ParsedAnswer =
  | {
      readonly kind: "valid";
      /** The answer as one text: the label, the number, the query, canonical JSON, the first of a ranking. */
      readonly prediction: string;
      /** The answer as a value: a string, a number, parsed JSON, or the ranking. */
      readonly value: unknown;
      /** In [0, 1]; undefined when neither the answer nor the provider gives one. */
      readonly confidence: number | undefined;
      /** Best first, when a ranking was asked for. */
      readonly ranking: readonly string[] | undefined;
      /** Facts of a recorded line; a score that is known already stands here. */
      readonly recorded: Recorded | undefined;
    }
  | {
      readonly kind: "invalid";
      readonly problem:
        | "empty"
        | "malformedJson"
        | "schema"
        | "unknownLabel"
        | "ambiguous"
        | "noNumber"
        | "noSql"
        | "noRanking";
      /** One line for people and for the re-ask. */
      readonly message: string;
      /** What the schema objects to; empty unless the problem is `schema`. */
      readonly errors: readonly FieldError[];
      /** Set when the problem is `malformedJson` and the text set out to be JSON. */
      readonly json: JsonProblem | undefined;
    };

type Answered = Extract<Outcome, { kind: "answered" }>;
type Invalid = Extract<ParsedAnswer, { kind: "invalid" }>;
type Found = {
  readonly prediction: string;
  readonly value: unknown;
  readonly ranking?: readonly string[];
  readonly confidence?: number | undefined;
};

/**
 * Reads an answer as the output part asked for it. Tolerant of what models put around an answer (markdown, quotes, an
 * introduction, a thinking block), strict about what it says: a text that names two labels names none. An answer that cannot
 * be read is `invalid`, which is a result of its own and no error.
 */
export function parseAnswer(
  answer: Pick<Answered, "text" | "tokenConfidence" | "recorded">,
  output: OutputPart,
  labels: readonly string[],
): ParsedAnswer {
  const whole = withoutMiddle(withoutThinking(answer.text), output.type);
  const spoken = output.type === "json" ? { text: whole, confidence: undefined } : takeConfidence(whole);
  const found = spoken.text === "" ? invalid("empty", "the answer is empty") : read(spoken.text, output, labels);
  const { recorded } = answer;
  if ("kind" in found) {
    if (recorded?.correct === undefined) return found;
    return {
      kind: "valid",
      prediction: spoken.text,
      value: spoken.text,
      confidence: recorded.confidence,
      ranking: undefined,
      recorded,
    };
  }
  const confidence = found.confidence ?? spoken.confidence ?? recorded?.confidence ?? answer.tokenConfidence;
  return {
    kind: "valid",
    prediction: found.prediction,
    value: found.value,
    confidence,
    ranking: found.ranking,
    recorded,
  };
}

function read(text: string, output: OutputPart, labels: readonly string[]): Found | Invalid {
  switch (output.type) {
    case "json":
      return readJsonAnswer(text, output);
    case "label":
      return readLabel(text, labels);
    case "number":
      return readNumber(text);
    case "ranked":
      return readRanking(text, output.maxCandidates, labels);
    case "sql":
      return readSql(text);
    case "text":
      return readText(text);
  }
}

/** Reasoning models of the open world write their thoughts into the answer. */
function withoutThinking(text: string): string {
  return text.replace(/^\s*<think(?:ing)?>[\s\S]*?<\/think(?:ing)?>/i, "").trim();
}

/** Rambling of this length holds its answer at one of its ends, if anywhere; the patterns need not see the middle. */
const longest = 40_000;

function withoutMiddle(text: string, type: OutputPart["type"]): string {
  if (text.length <= longest || type === "json" || type === "text" || type === "sql") return text;
  return `${text.slice(0, longest / 2)}\n${text.slice(-longest / 2)}`;
}

function readJsonAnswer(text: string, output: OutputPart): Found | Invalid {
  const reading = readJson(text);
  if (reading.kind === "none") return invalid("malformedJson", `the answer is not JSON: ${preview(text)}`);
  if (reading.kind === "malformed") {
    const { type, message, position } = reading.problem;
    return {
      ...invalid("malformedJson", `malformed JSON (${type}) at character ${position}: ${message}`),
      json: reading.problem,
    };
  }
  const { value } = reading;
  const errors = output.schema === undefined ? [] : schemaErrors(output.schema, withoutOwnConfidence(value, output));
  if (errors.length > 0) {
    const said = errors.slice(0, 5).map((error) => `${error.path} ${error.message}`);
    const more = errors.length > 5 ? `; ${errors.length - 5} more` : "";
    return { ...invalid("schema", `the JSON does not meet the schema: ${said.join("; ")}${more}`), errors };
  }
  return { prediction: canonicalJson(value), value, confidence: confidenceIn(value) };
}

/** The confidence that the prompt asked for beside the schema's own fields must not break a closed schema. */
function withoutOwnConfidence(value: unknown, output: OutputPart): unknown {
  const fields = fieldsOf(value);
  if (
    !output.confidence ||
    fields === undefined ||
    fieldsOf(output.schema?.["properties"])?.["confidence"] !== undefined
  )
    return value;
  const { confidence: _confidence, ...rest } = fields;
  return rest;
}

function readLabel(text: string, labels: readonly string[]): Found | Invalid {
  const json = answerInJson(text);
  const said = json?.answer ?? text;
  if (labels.length === 0) {
    const answer = undress(conclusion(said) ?? said);
    return { prediction: answer, value: answer, confidence: json?.confidence };
  }
  const matcher = labelMatcher(labels);
  const found = (label: string): Found => ({ prediction: label, value: label, confidence: json?.confidence });
  const direct = matcher.whole(said);
  if (direct !== undefined) return found(direct);
  const end = conclusion(said);
  if (end !== undefined) {
    const sentence = end.split(/(?<=[.!])\s/)[0] ?? end;
    const concluded =
      matcher.whole(end) ?? matcher.leading(end) ?? single(matcher.within(sentence)) ?? single(matcher.within(end));
    if (concluded !== undefined) return found(concluded);
  }
  const opened = matcher.leading(said);
  if (opened !== undefined) return found(opened);
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  if (lines.length > 1) {
    const alone = new Set(
      [lines[0], lines.at(-1)].map((line) => matcher.whole(line ?? "")).filter((label) => label !== undefined),
    );
    const [only] = alone;
    if (alone.size === 1 && only !== undefined) return found(only);
  }
  const occurring = matcher.within(said);
  const only = single(occurring);
  if (only !== undefined) return found(only);
  return occurring.length > 1
    ? invalid(
        "ambiguous",
        `the answer names ${occurring.length} labels (${occurring.slice(0, 4).join(", ")}): ${preview(text)}`,
      )
    : invalid("unknownLabel", `the answer is none of the labels: ${preview(text)}`);
}

function readNumber(text: string): Found | Invalid {
  const json = answerInJson(text);
  const said = json?.answer ?? text;
  const end = conclusion(said);
  const lastLine = said.trimEnd().split("\n").at(-1) ?? "";
  const value = onlyNumber(said) ?? (end === undefined ? undefined : numbersIn(end)[0]) ?? onlyNumber(lastLine);
  if (value !== undefined) return { prediction: String(value), value, confidence: json?.confidence };
  const count = numbersIn(said).length;
  return count === 0
    ? invalid("noNumber", `the answer holds no number: ${preview(text)}`)
    : invalid("ambiguous", `the answer holds ${count} numbers and does not say which it is: ${preview(text)}`);
}

function readRanking(text: string, most: number, labels: readonly string[]): Found | Invalid {
  const items = rankedItems(text);
  const matcher = labels.length === 0 ? undefined : labelMatcher(labels);
  const ranking: string[] = [];
  let confidence: number | undefined;
  for (const item of items) {
    // A candidate outside the list stays as written: it takes a place and is wrong.
    const name =
      matcher === undefined
        ? item.answer
        : (matcher.whole(item.answer) ?? single(matcher.within(item.answer)) ?? item.answer);
    if (name === "" || ranking.includes(name)) continue;
    if (ranking.length === 0) confidence = item.confidence;
    ranking.push(name);
    if (ranking.length >= most) break;
  }
  const [best] = ranking;
  if (best === undefined || (matcher !== undefined && !ranking.some((name) => labels.includes(name)))) {
    return invalid("noRanking", `the answer is no list of candidates: ${preview(text)}`);
  }
  return { prediction: best, value: ranking, ranking, confidence };
}

interface RankedItem {
  readonly answer: string;
  readonly confidence: number | undefined;
}

/** Candidates from a JSON array, an object that holds one, or a list in plain text. */
function rankedItems(text: string): readonly RankedItem[] {
  const json = findJson(text);
  const list = Array.isArray(json) ? json : Object.values(fieldsOf(json) ?? {}).find(Array.isArray);
  if (Array.isArray(list)) return list.map(toRankedItem);
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const numbered = lines.filter((line) => /^\s*(?:\d+[.):]|[-*•])\s+/.test(line));
  const parts = numbered.length > 0 ? numbered : lines.length > 1 ? lines : text.split(/[,;>]/);
  return parts.map((part) => {
    const { text: bare, confidence } = takeConfidence(part.replace(/^\s*(?:\d+[.):]|[-*•])\s+/, ""));
    return { answer: undress(bare), confidence };
  });
}

function toRankedItem(item: unknown): RankedItem {
  if (typeof item === "string" || typeof item === "number") return { answer: String(item), confidence: undefined };
  const fields = fieldsOf(item) ?? {};
  const text =
    answerNames.map((name) => fields[name]).find((value) => typeof value === "string") ??
    Object.values(fields).find((value) => typeof value === "string");
  return { answer: typeof text === "string" ? text : "", confidence: confidenceIn(item) };
}

function readSql(text: string): Found | Invalid {
  const found = findSql(text);
  if (found === undefined) return invalid("noSql", `the answer holds no SQL query: ${preview(text)}`);
  const { query, confidence } = found;
  return { prediction: query, value: query, confidence };
}

function readText(text: string): Found {
  const json = text.startsWith("{") ? answerInJson(text) : undefined;
  const answer = json?.answer ?? text;
  return { prediction: answer, value: answer, confidence: json?.confidence };
}

function single(found: readonly string[]): string | undefined {
  return found.length === 1 ? found[0] : undefined;
}

function invalid(problem: Invalid["problem"], message: string): Invalid {
  return { kind: "invalid", problem, message, errors: [], json: undefined };
}

function preview(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return JSON.stringify(line.length > 100 ? `${line.slice(0, 100)}…` : line);
}

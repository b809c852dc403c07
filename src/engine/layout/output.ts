import type { OutputPart } from "../spec/experiment.ts";

/** Keys of the JSON object asked for when a bare answer must carry a confidence. */
const answerKey = "answer";
const confidenceKey = "confidence";

/** The output part's text: the author's own, or a sentence that asks for exactly what the scorers can read. */
export function outputText(output: OutputPart, labels: readonly string[]): string {
  if (output.text !== undefined && output.text.trim() !== "") return output.text;
  if (output.type === "json") return jsonText(output);
  if (output.type === "ranked") return rankedText(output, labels);
  return output.confidence ? withConfidence(output, labels) : bareText(output, labels);
}

/**
 * Tokens that an answer of the kind asked for usually takes; a guess to plan with, replaced by what is measured as soon as calls
 * have been made. Labels are counted, other kinds have a fixed allowance.
 */
export function expectedAnswerTokens(
  output: OutputPart,
  labels: readonly string[],
  count: (text: string) => number,
): number {
  const label = labels.length === 0 ? 4 : labels.reduce((sum, each) => sum + count(each), 0) / labels.length;
  const confidence = output.confidence ? 12 : 0;
  const tokens = {
    label: label + confidence,
    number: 3 + confidence,
    ranked: output.maxCandidates * (label + 3 + confidence),
    json: 60 + confidence,
    sql: 60 + confidence,
    text: 150 + confidence,
  }[output.type];
  return Math.ceil(tokens);
}

function bareText(output: OutputPart, labels: readonly string[]): string {
  switch (output.type) {
    case "number":
      return "Answer with one number and nothing else.";
    case "sql":
      return "Answer with one SQL query and nothing else.";
    case "label":
      if (labels.length === 0) return "Answer with the label and nothing else.";
      return isListable(labels)
        ? `Answer with exactly one of these labels and nothing else: ${labels.join(", ")}.`
        : `Answer with exactly one of these labels and nothing else:\n${lines(labels)}`;
    default:
      return "Answer briefly.";
  }
}

function withConfidence(output: OutputPart, labels: readonly string[]): string {
  const kind = { label: "the label", number: "a number", sql: "one SQL query", text: "your answer" }[
    output.type as "label" | "number" | "sql" | "text"
  ];
  const object = `{"${answerKey}": …, "${confidenceKey}": …}`;
  const ask = `Answer with one JSON object and nothing else: ${object}. "${answerKey}" is ${kind}; "${confidenceKey}" is how sure you are, from 0 to 1.`;
  if (output.type !== "label" || labels.length === 0) return ask;
  return `${ask}\n${labelList(labels)}`;
}

function jsonText(output: OutputPart): string {
  const confidence = output.confidence ? ` Add "${confidenceKey}": how sure you are, from 0 to 1.` : "";
  if (output.schema === undefined) return `Answer with one JSON value and nothing else.${confidence}`;
  return `Answer with one JSON value that meets this JSON Schema, and nothing else.${confidence}\n${JSON.stringify(output.schema)}`;
}

function rankedText(output: OutputPart, labels: readonly string[]): string {
  const most = output.maxCandidates;
  const item = output.confidence ? `{"${answerKey}": …, "${confidenceKey}": …}, confidence from 0 to 1` : "a string";
  const ask = `Answer with a JSON array and nothing else: at most ${most} answers, best first, each ${item}.`;
  return labels.length === 0 ? ask : `${ask}\n${labelList(labels)}`;
}

function labelList(labels: readonly string[]): string {
  return isListable(labels) ? `The labels are: ${labels.join(", ")}.` : `The labels are:\n${lines(labels)}`;
}

/** Labels that hold a comma or a line break would run together in a sentence. */
function isListable(labels: readonly string[]): boolean {
  return !labels.some((label) => /[,\n]/.test(label));
}

function lines(labels: readonly string[]): string {
  return labels.map((label) => `- ${label}`).join("\n");
}

import type { OutputPart } from "../spec/experiment.ts";

/** The output part of a prompt with several numbered texts: one JSON array that echoes the numbers. */
export function packedOutputText(output: OutputPart, labels: readonly string[]): string {
  const confidence = output.confidence ? ', "confidence": …' : "";
  const sure = output.confidence ? ' "confidence" is how sure you are of it, from 0 to 1.' : "";
  return (
    `Judge each numbered text by itself. Answer with one JSON array and nothing else, one object for each text, in their order: ` +
    `[{"id": 1, "answer": …${confidence}}, …]. "id" is the text's number. "answer" is ${answerText(output, labels)}${sure}`
  );
}

function answerText(output: OutputPart, labels: readonly string[]): string {
  const own = output.text?.trim();
  if (own !== undefined && own !== "") return `what is asked for here, for that text alone: ${own}`;
  const listed = labels.some((label) => /[,\n]/.test(label))
    ? `\n${labels.map((label) => `- ${label}`).join("\n")}\n`
    : ` ${labels.join(", ")}.`;
  switch (output.type) {
    case "label":
      return labels.length === 0 ? "the label." : `exactly one of these labels:${listed}`;
    case "number":
      return "one number.";
    case "sql":
      return "one SQL query.";
    case "text":
      return "a brief answer.";
    case "ranked": {
      const ask = `an array of at most ${output.maxCandidates} candidates, best first`;
      return labels.length === 0 ? `${ask}.` : `${ask}, out of these labels:${listed}`;
    }
    case "json":
      return output.schema === undefined
        ? "one JSON value."
        : `one JSON value that meets this JSON Schema: ${JSON.stringify(output.schema)}`;
  }
}

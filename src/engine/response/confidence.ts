import { fieldsOf } from "../../base/untyped.ts";

/** A confidence as a share in [0, 1]: from `0.8`, `"0.8"`, `"80%"` or `80`; undefined for anything else. */
function readConfidence(value: unknown): number | undefined {
  const match =
    typeof value === "number"
      ? [String(value), String(value), ""]
      : typeof value === "string"
        ? /^\s*(\d+(?:\.\d+)?|\.\d+)\s*(%?)\s*$/.exec(value)
        : null;
  if (match === null) return undefined;
  const number = Number(match[1]);
  if (!Number.isFinite(number) || number < 0) return undefined;
  // Models asked for a share often write percent; more than 1 can be nothing else.
  const share = match[2] === "%" || number > 1 ? number / 100 : number;
  return share <= 1 ? share : undefined;
}

/** The confidence an object carries beside its answer. */
export function confidenceIn(value: unknown): number | undefined {
  const fields = fieldsOf(value);
  return fields === undefined
    ? undefined
    : readConfidence(fields["confidence"] ?? fields["probability"] ?? fields["certainty"]);
}

const said =
  /[ \t]*[([*_]*\bconfidence(?:[ \t]+(?:score|level))?[*_]*[ \t]*(?:[:=]|is|of)[*_ \t]*(\d+(?:\.\d+)?|\.\d+)[ \t]*(%?)(?:[ \t]*\/[ \t]*(?:10?0?|1))?[)\]*_.]*[ \t]*/i;

/** Takes a spoken confidence (`Confidence: 0.8`, `(confidence: 80%)`) out of a text. */
export function takeConfidence(text: string): { readonly text: string; readonly confidence: number | undefined } {
  const match = /confidence/i.test(text) ? said.exec(text) : null;
  if (match === null) return { text, confidence: undefined };
  const rest = `${text.slice(0, match.index)}${text.slice(match.index + match[0].length)}`;
  return { text: rest.trim(), confidence: readConfidence(`${match[1]}${match[2]}`) };
}

import { messageOf } from "../../base/errors.ts";

/** Why a text that set out to be JSON is none. */
export interface JsonProblem {
  /** `truncated`: it stops before it is complete; `trailing`: something follows a complete value; `syntax`: anything else. */
  readonly type: "truncated" | "trailing" | "syntax";
  readonly message: string;
  /** Offset of the first character that does not fit, in UTF-16 units from the first bracket. */
  readonly position: number;
  /** The first 100 characters. */
  readonly preview: string;
}

export type JsonReading =
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "malformed"; readonly problem: JsonProblem }
  /** The text does not set out to be JSON. */
  | { readonly kind: "none" };

const previewLength = 100;

/** Reads a text that starts with `{` or `[`, alone or inside a fenced code block. */
export function readJson(text: string): JsonReading {
  const fenced = fencedBlock(text, /^(?:json[5c]?|javascript|js|)$/i);
  const source = (fenced ?? text).trim();
  if (!source.startsWith("{") && !source.startsWith("[")) return { kind: "none" };
  try {
    const value: unknown = JSON.parse(source);
    return { kind: "json", value };
  } catch (error) {
    return { kind: "malformed", problem: problemIn(source, messageOf(error)) };
  }
}

/**
 * The first JSON object or array in a text, whatever stands around it; undefined when there is none. For answers where prose
 * around the value takes nothing from it.
 */
export function findJson(text: string): unknown {
  const reading = readJson(text);
  if (reading.kind === "json") return reading.value;
  const bracket = /[{[]/g;
  for (let tries = 0; tries < mostTries; tries++) {
    const start = bracket.exec(text)?.index;
    if (start === undefined) return undefined;
    const end = skipValue(text, start);
    if (typeof end === "number") {
      const value: unknown = JSON.parse(text.slice(start, end));
      return value;
    }
  }
  return undefined;
}

/** Brackets of prose that are tried before the search for a value is given up. */
const mostTries = 100;

/** The content of the only fenced code block whose language matches; undefined when there is none or several. */
export function fencedBlock(text: string, language: RegExp): string | undefined {
  if (!text.includes("```")) return undefined;
  const found: string[] = [];
  // A block that was cut off has no closing fence.
  for (const [, name = "", content = ""] of text.matchAll(/```([^\n`]*)\n([\s\S]*?)(?:\n?```|$)/g)) {
    if (language.test(name.trim())) found.push(content);
  }
  return found.length === 1 ? found[0] : undefined;
}

function problemIn(source: string, message: string): JsonProblem {
  const preview = source.slice(0, previewLength);
  const end = skipValue(source, 0);
  if (typeof end === "number") {
    // The value is whole, so what broke the parser comes after it.
    const position = end + source.slice(end).search(/\S/);
    return { type: "trailing", message, position, preview };
  }
  const type = end.at >= source.length ? "truncated" : "syntax";
  return { type, message, position: end.at, preview };
}

/** The first character that does not fit. */
interface Misfit {
  readonly at: number;
}

const literal = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const string = /"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const space = /[ \t\n\r]*/y;

/**
 * The offset behind the JSON value at `start`, or where it breaks. V8's own messages lack the position for the commonest
 * mistakes.
 */
function skipValue(text: string, start: number): number | Misfit {
  /** Which closing bracket each open one waits for. */
  const open: string[] = [];
  let at = match(space, text, start) ?? start;
  for (;;) {
    const character = text[at];
    if (character === "{" || character === "[") {
      open.push(character === "{" ? "}" : "]");
      at = match(space, text, at + 1) ?? at;
      if (text[at] !== open.at(-1)) {
        if (character === "[") continue;
        const value = skipKey(text, at);
        if (typeof value !== "number") return value;
        at = value;
        continue;
      }
    } else {
      const end = match(string, text, at) ?? match(literal, text, at);
      if (end === undefined) return { at: character === '"' ? stringMisfit(text, at) : at };
      at = end - 1;
    }
    // A value ended at `at`; now come closing brackets, or a comma and the next value.
    for (;;) {
      at += 1;
      if (open.length === 0) return at;
      at = match(space, text, at) ?? at;
      if (text[at] === open.at(-1)) {
        open.pop();
        continue;
      }
      if (text[at] === undefined || text[at] !== ",") return { at };
      at = match(space, text, at + 1) ?? at;
      if (open.at(-1) === "}") {
        const value = skipKey(text, at);
        if (typeof value !== "number") return value;
        at = value;
      }
      break;
    }
    if (text[at] === "}" || text[at] === "]") return { at };
  }
}

/** From a key to its value. */
function skipKey(text: string, start: number): number | Misfit {
  const end = match(string, text, start);
  if (end === undefined) return { at: text[start] === '"' ? stringMisfit(text, start) : start };
  const colon = match(space, text, end) ?? end;
  if (text[colon] !== ":") return { at: colon };
  return match(space, text, colon + 1) ?? colon + 1;
}

/** Inside a string: the raw line break or bad escape, or the end of the text. */
function stringMisfit(text: string, start: number): number {
  const sound = /"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/uy;
  return match(sound, text, start) ?? start;
}

function match(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  type ParsedNode,
  parseDocument,
} from "yaml";
import { messageOf } from "../../base/errors.ts";
import type { Diagnostic, Position, Range } from "./diagnostic.ts";

export type Path = readonly (string | number)[];

/** One text file in YAML or JSON (which YAML contains), with the way from values back to places. */
export interface SourceDocument {
  readonly text: string;
  readonly file: string;
  /** The content as plain data; undefined when it is empty or broken beyond reading. */
  readonly value: unknown;
  /** Trouble with the syntax. */
  readonly diagnostics: readonly Diagnostic[];
  readonly document: Document.Parsed | undefined;
  /** Where a value, or with `key` the key that holds it, stands; undefined when the path is not there. */
  locate(path: Path, what?: "key" | "value"): Range | undefined;
  /** Like `locate`, as offsets. */
  span(path: Path, what?: "key" | "value"): readonly [start: number, end: number] | undefined;
  /** A scalar as its author wrote it, such as `1.0` for the number 1. */
  written(path: Path): string | undefined;
  /** The node at a path, aliases followed. */
  node(path: Path): Node | undefined;
  position(offset: number): Position;
  range(start: number, end: number): Range;
  offset(position: Position): number;
}

/** More values than this can only come from aliases that multiply. */
const maxValues = 200_000;

export function readSource(text: string, file: string): SourceDocument {
  const lines = new LineCounter();
  let document: Document.Parsed | undefined;
  let value: unknown;
  const diagnostics: Diagnostic[] = [];

  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(Math.max(0, Math.min(offset, text.length)));
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const range = (start: number, end: number): Range => ({
    start: position(start),
    end: position(Math.max(start, end)),
  });

  try {
    const parsed = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true, uniqueKeys: true });
    document = parsed;
    for (const error of parsed.errors) {
      diagnostics.push({
        file,
        range: range(error.pos[0], error.pos[1]),
        severity: "error",
        code: "syntax",
        ...explain(error.code, error.message, text, error.pos[0]),
      });
    }
    if (parsed.contents !== null) {
      const budget = { left: maxValues };
      value = toValue(parsed, parsed.contents, budget);
      if (budget.left < 0) {
        diagnostics.push({
          file,
          range: range(0, 0),
          severity: "error",
          code: "syntax",
          message: "aliases multiply the file beyond reason",
          action: "write the values out",
        });
      }
    }
  } catch (error) {
    // The YAML reader gives up by throwing only on extreme nesting.
    document = undefined;
    value = undefined;
    const deep = error instanceof RangeError;
    diagnostics.push({
      file,
      range: { start: { line: 1, column: 1 }, end: { line: 1, column: 1 } },
      severity: "error",
      code: "syntax",
      message: deep ? "the file is nested too deeply" : `the file cannot be read (${messageOf(error)})`,
      action: "compare it with an example from the documentation",
    });
  }

  const find = (path: Path): { readonly node: Node | undefined; readonly pair: Pair | undefined } | undefined => {
    let node: Node | undefined = document?.contents ?? undefined;
    let pair: Pair | undefined;
    for (const step of path) {
      const holder: Node | undefined = document === undefined ? undefined : followed(document, node);
      if (isMap(holder)) {
        pair = holder.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step)) as
          | Pair
          | undefined;
        if (pair === undefined) return undefined;
        node = (pair.value as Node | null) ?? undefined;
      } else if (isSeq(holder) && typeof step === "number") {
        pair = undefined;
        if (step >= holder.items.length) return undefined;
        node = (holder.items[step] as Node | null) ?? undefined;
      } else return undefined;
    }
    return { node, pair };
  };

  const span = (path: Path, what: "key" | "value" = "value"): readonly [number, number] | undefined => {
    const found = find(path);
    if (found === undefined) return undefined;
    const key = found.pair?.key as Node | undefined;
    const chosen = what === "key" && key !== undefined ? key : hasText(found.node) ? found.node : (key ?? found.node);
    const at = chosen?.range;
    return at === null || at === undefined ? undefined : [at[0], at[1]];
  };

  return {
    text,
    file,
    value,
    diagnostics,
    document,
    span,
    position,
    range,
    locate(path, what) {
      const at = span(path, what);
      return at === undefined ? undefined : range(at[0], at[1]);
    },
    written(path) {
      const node = document === undefined ? undefined : followed(document, find(path)?.node);
      if (!isScalar(node)) return undefined;
      return typeof node.value === "string" ? node.value : (node.source ?? String(node.value));
    },
    node: (path) => (document === undefined ? undefined : followed(document, find(path)?.node)),
    offset({ line, column }) {
      const start = lines.lineStarts[line - 1] ?? text.length;
      return Math.min(text.length, start + column - 1);
    },
  };
}

function hasText(node: Node | undefined): boolean {
  return node?.range != null && node.range[1] > node.range[0];
}

function followed(document: Document.Parsed, node: Node | undefined): Node | undefined {
  let current = node;
  for (let hops = 0; hops < 20 && isAlias(current); hops++) current = current.resolve(document) as Node | undefined;
  return isAlias(current) ? undefined : current;
}

/** Plain data of a node; what cannot be read is left out. Own code, as the library's throws on loose aliases. */
function toValue(document: Document.Parsed, node: ParsedNode | Node | null, budget: { left: number }): unknown {
  if (--budget.left < 0 || node === null) return null;
  if (isAlias(node)) {
    const target = followed(document, node);
    // An anchor around its own alias has no finite value.
    if (
      target === undefined ||
      (target.range != null &&
        node.range != null &&
        target.range[0] <= node.range[0] &&
        node.range[1] <= target.range[2])
    )
      return null;
    return toValue(document, target, budget);
  }
  if (isScalar(node)) return node.value;
  if (isSeq(node)) return node.items.map((item) => toValue(document, item as Node | null, budget));
  if (!isMap(node)) return null;
  const out = new Map<string, unknown>();
  for (const pair of node.items) {
    const key = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
    if (key === "<<") {
      const merged = toValue(document, pair.value as Node | null, budget);
      for (const source of Array.isArray(merged) ? merged : [merged]) {
        if (source === null || typeof source !== "object") continue;
        for (const [name, inherited] of Object.entries(source)) if (!out.has(name)) out.set(name, inherited);
      }
    } else out.set(key, toValue(document, pair.value as Node | null, budget));
  }
  // `fromEntries` defines own properties, so a key named `__proto__` stays a key.
  return Object.fromEntries(out);
}

/** The reader's errors in words that say what to do. */
function explain(
  code: string,
  message: string,
  text: string,
  offset: number,
): { readonly message: string; readonly action: string } {
  const line = text.slice(text.lastIndexOf("\n", offset - 1) + 1).split("\n", 1)[0] ?? "";
  if (/:\s*\{\{/.test(line)) {
    return { message: "a value that begins with {{ is read as a map", action: 'put it in quotes, as in "{{text}}"' };
  }
  switch (code) {
    case "TAB_AS_INDENT":
      return { message: "a tab is used as indentation", action: "indent with spaces" };
    case "DUPLICATE_KEY":
      return { message: "the key stands twice in the same map", action: "remove one of the two" };
    case "BAD_INDENT":
      return {
        message: "the indentation does not fit the lines above",
        action: "line it up with its neighbours, and close every bracket",
      };
    case "BLOCK_AS_IMPLICIT_KEY":
    case "MULTILINE_IMPLICIT_KEY":
      return {
        message: "a colon makes this a map where a value is expected",
        action: "put the text in quotes, or break the line after the first key",
      };
    case "MISSING_CHAR":
      return {
        message: /quote/i.test(message) ? "a quoted text is not closed" : lower(message),
        action: "add what is missing; text with : # { or [ goes in quotes",
      };
    case "MULTIPLE_DOCS":
      return { message: "the file holds more than one document", action: "keep one, without --- between" };
    case "BAD_ALIAS":
      return { message: "an alias (*name) refers to no anchor", action: "put text that begins with * in quotes" };
    case "BAD_SCALAR_START":
      return { message: "a value cannot begin with this character", action: "put the text in quotes" };
    default:
      return {
        message: lower(message),
        action: "check brackets, quotes and indentation; text with : # { or [ goes in quotes",
      };
  }
}

function lower(message: string): string {
  const line = message.split("\n", 1)[0] ?? message;
  return line.charAt(0).toLowerCase() + line.slice(1);
}

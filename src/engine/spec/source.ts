import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from "yaml";
import { type Diagnostic, fileStart, type Position, type Range } from "./diagnostic.ts";
import { followed, keyText, toValue, type ValueWalk } from "./sourceValue.ts";
import { bareBraces, bracesOnLine, explain, looseAlias, wordFrom } from "./syntax.ts";

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
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(Math.max(0, Math.min(offset, text.length)));
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const range = (start: number, end: number): Range => ({
    start: position(start),
    end: position(Math.max(start, end)),
  });

  const { document, value, diagnostics } = readDocument(text, file, lines, range);

  const find = (path: Path): { readonly node: Node | undefined; readonly pair: Pair | undefined } | undefined => {
    let node: Node | undefined = document?.contents ?? undefined;
    let pair: Pair | undefined;
    for (const step of path) {
      const holder: Node | undefined = document === undefined ? undefined : followed(document, node);
      if (isMap(holder)) {
        pair = holder.items.find((item) => keyText(item.key) === String(step)) as Pair | undefined;
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

interface Read {
  readonly document: Document.Parsed | undefined;
  readonly value: unknown;
  readonly diagnostics: readonly Diagnostic[];
}

function readDocument(
  text: string,
  file: string,
  lineCounter: LineCounter,
  range: (start: number, end: number) => Range,
): Read {
  const diagnostics: Diagnostic[] = [];
  const complain = (at: Range, trouble: Pick<Diagnostic, "code" | "message" | "action" | "suggestions">): void => {
    diagnostics.push({ file, range: at, severity: "error", ...trouble });
  };
  try {
    const document = parseDocument(text, { lineCounter, prettyErrors: false, merge: true, uniqueKeys: true });
    const braced = new Set<number>();
    const complainOfBraces = (start: number, end: number): void => {
      if (braced.has(start)) return;
      braced.add(start);
      const written = text.slice(start, end);
      complain(range(start, end), { code: "bare-braces", ...bareBraces, suggestions: [JSON.stringify(written)] });
    };
    for (const { code, message, pos } of document.errors) {
      const braces = bracesOnLine(text, pos[0]);
      if (braces !== undefined) {
        complainOfBraces(...braces);
        continue;
      }
      const end = Math.max(pos[1], pos[0] + wordFrom(text, pos[0]).length);
      complain(range(pos[0], end), {
        code: code === "DUPLICATE_KEY" ? "duplicate-key" : "syntax",
        ...explain(code, message, text, pos[0]),
      });
    }
    const walk: ValueWalk = {
      left: maxValues,
      onBraces(node) {
        const [start, end] = node.range ?? [0, 0];
        complainOfBraces(start, end);
        return text.slice(start, end);
      },
      onLooseAlias(node) {
        const [start, end] = node.range ?? [0, 0];
        complain(range(start, end), { code: "syntax", ...looseAlias });
      },
    };
    const value = toValue(document, document.contents, walk);
    if (walk.left < 0)
      complain(fileStart, {
        code: "syntax",
        message: "aliases multiply the file beyond reason",
        action: "write the values out",
      });
    return { document, value, diagnostics };
  } catch (error) {
    // Both the reader and the walk call themselves, and give up by running out of stack.
    if (!(error instanceof RangeError)) throw error;
    complain(fileStart, {
      code: "syntax",
      message: "the file is nested too deeply",
      action: "write it with fewer brackets in each other",
    });
    return { document: undefined, value: undefined, diagnostics };
  }
}

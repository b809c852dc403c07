import { isMap, isScalar, isSeq, type Node } from "yaml";
import type { Diagnostic, Range } from "./diagnostic.ts";
import type { ParsedExperiment } from "./parse.ts";
import type { SourceDocument } from "./source.ts";

export interface TextEdit {
  readonly range: Range;
  readonly newText: string;
}

export interface QuickFix {
  readonly title: string;
  readonly edits: readonly TextEdit[];
  /** The one to take when there is no doubt. */
  readonly preferred: boolean;
}

/** Diagnostics that vanish with the key or entry they stand on. */
const removable: readonly string[] = [
  "unknown-key",
  "empty-key",
  "duplicate-key",
  "duplicate-layout",
  "duplicate-model",
  "duplicate-value",
  "duplicate-label",
  "duplicate-part",
  "no-effect",
  "absent-part",
];

/** Ways to mend a diagnostic of the experiment file by editing it, the best first. */
export function quickFixes(parsed: ParsedExperiment, diagnostic: Diagnostic): readonly QuickFix[] {
  const { source } = parsed;
  if (diagnostic.file !== source.file) return [];
  const start = source.offset(diagnostic.range.start);
  const end = source.offset(diagnostic.range.end);
  const written = source.text.slice(start, end);
  const fixes: QuickFix[] = [];
  const only = diagnostic.suggestions?.length === 1;
  for (const text of diagnostic.suggestions?.slice(0, 6) ?? []) {
    fixes.push({
      title: `Change to ${text}`,
      edits: [{ range: diagnostic.range, newText: requoted(text, written) }],
      preferred: only,
    });
  }
  fixes.push(...special(source, diagnostic, start, end));
  if (removable.includes(diagnostic.code)) {
    const span = entrySpan(source, start, end);
    if (span !== undefined)
      fixes.push({
        title: "Remove it",
        edits: [{ range: source.range(span[0], span[1]), newText: "" }],
        preferred: false,
      });
  }
  return fixes;
}

/** Keeps the quotes of what is replaced. */
function requoted(text: string, written: string): string {
  const quote = written[0];
  return (quote === '"' || quote === "'") && written.length > 1 && written.at(-1) === quote
    ? quote + text + quote
    : text;
}

function special(
  source: SourceDocument,
  { code, range, message, action }: Diagnostic,
  start: number,
  end: number,
): QuickFix[] {
  const fix = (title: string, newText: string, at: Range = range): QuickFix[] => [
    { title, edits: [{ range: at, newText }], preferred: true },
  ];
  switch (code) {
    case "wrong-type": {
      if (!message.includes('is the text "') || !action.startsWith("write a list")) return [];
      const written = source.text.slice(start, end);
      return [{ title: "Make it a list", edits: [{ range, newText: `[${written}]` }], preferred: false }];
    }
    case "missing-key": {
      const key = /^(name|dataset|models) is missing$/.exec(message)?.[1];
      if (key === undefined || isFlow(source)) return [];
      const value = { name: "untitled", dataset: "data.csv", models: "[builtin:reader]" }[key] ?? "";
      const at = firstKey(source);
      return fix(`Add ${key}`, `${key}: ${value}\n`, source.range(at, at));
    }
    case "no-quick-check": {
      const at = source.span(["prompt"], "value")?.[0];
      const node = source.node(["prompt"]);
      if (at === undefined || !isMap(node) || node.flow) return [];
      const indent = " ".repeat(source.position(at).column - 1);
      return fix(
        "Add a quickCheck",
        `quickCheck: Answer with one label from the list.\n${indent}`,
        source.range(at, at),
      );
    }
    case "missing-part":
      return addSegment(source, start);
    default:
      return [];
  }
}

function isFlow(source: SourceDocument): boolean {
  const root = source.document?.contents;
  return isMap(root) && root.flow === true;
}

/** Offset of the first key, behind comments. */
function firstKey(source: SourceDocument): number {
  return source.document?.contents?.range?.[0] ?? 0;
}

/** Puts the segment into the user message of the declared layout at the offset. */
function addSegment(source: SourceDocument, offset: number): QuickFix[] {
  const layouts = source.node(["layouts"]);
  if (!isSeq(layouts)) return [];
  const layout = layouts.items.find((item) => (item as Node).range?.[0] === offset);
  if (!isMap(layout)) return [];
  const user: unknown = layout.get("user", true);
  if (!isSeq(user) || !user.flow || user.range == null) return [];
  const at = user.range[0] + 1;
  return [
    {
      title: "Add the segment",
      edits: [{ range: source.range(at, at), newText: user.items.length > 0 ? "segment, " : "segment" }],
      preferred: true,
    },
  ];
}

/** The whole entry that begins at, or is, what stands between the offsets, with its line or its comma. */
function entrySpan(source: SourceDocument, start: number, end: number): readonly [number, number] | undefined {
  const entry = findEntry(source.document?.contents ?? null, start, end);
  if (entry === undefined) return undefined;
  const { text } = source;
  let [from, to] = entry.span;
  if (entry.flow) {
    const after = /^\s*,\s*/.exec(text.slice(to));
    const before = /,\s*$/.exec(text.slice(0, from));
    if (after !== null) to += after[0].length;
    else if (before !== null) from -= before[0].length;
    return [from, to];
  }
  const lineStart = text.lastIndexOf("\n", from - 1) + 1;
  // A dash that leads the entry goes with it only when the entry is all the item has.
  if (!/^\s*(-\s+)?$/.test(text.slice(lineStart, from))) return [from, to];
  if (text.slice(lineStart, from).includes("-") && !entry.item) return undefined;
  const lineEnd = text.indexOf("\n", to - 1);
  return [lineStart, lineEnd < 0 ? text.length : lineEnd + 1];
}

interface Entry {
  readonly span: readonly [number, number];
  readonly flow: boolean;
  readonly item: boolean;
}

function findEntry(node: Node | null, start: number, end: number): Entry | undefined {
  if (isMap(node)) {
    for (const pair of node.items) {
      const key = pair.key as Node | null;
      const value = pair.value as Node | null;
      const from = key?.range?.[0];
      if (key?.range == null || from === undefined) continue;
      const to = Math.max(value?.range?.[1] ?? 0, key.range[1]);
      if (from === start && key.range[1] === end) return { span: [from, to], flow: node.flow === true, item: false };
      if (value?.range != null && value.range[0] === start && value.range[1] === end && isScalar(value))
        return { span: [from, to], flow: node.flow === true, item: false };
      const inner = findEntry(value, start, end);
      if (inner !== undefined) return inner;
    }
  } else if (isSeq(node)) {
    for (const item of node.items) {
      const range = (item as Node | null)?.range;
      if (range == null) continue;
      if (range[0] === start && range[1] === end)
        return { span: [range[0], range[1]], flow: node.flow === true, item: true };
      const inner = findEntry(item as Node, start, end);
      if (inner !== undefined) return inner;
    }
  }
  return undefined;
}

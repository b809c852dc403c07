import { memo } from "./memo.ts";
import type { Block, Outline, Shown } from "./outline.ts";

/** A label with the definition the prompt gives it, if any. */
interface Definition {
  readonly label: string;
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly system: boolean;
}

export interface Choices {
  readonly labels: readonly string[];
  readonly definitions: readonly Definition[];
}

/** Names compare without case, quotes and separators. */
export function sameName(a: string, b: string): boolean {
  return plainName(a) === plainName(b);
}

function plainName(label: string): string {
  return label
    .trim()
    .toLowerCase()
    .replace(/[\s_./'"`*-]+/g, " ")
    .trim();
}

// `labels: a, b, c`, `one of these labels and nothing else: a, b`, and the same with one label a line.
const listIntro =
  /\b(?:labels?|categories|category|classes|intents?|options|one of(?: these| the following)?|values|choices|choose from|possible answers)\b[^:\n]{0,60}:[ \t]*(\n(?:[ \t]*(?:[-*•]|\d+[.)])[ \t]*[^\n]{1,80}(?:\n|$)){2,}|[^\n]+)/gi;

const definitionLine =
  /^[ \t]*(?:[-*•]|\d+[.)])?[ \t]*[`"'*]*([\p{L}\p{N}][\p{L}\p{N} _&/.'-]{0,50}?)[`"'*]*[ \t]*(?::|—|–|=|[ \t]-[ \t])[`"'*]*[ \t]+(\S[^\n]{2,})$/gmu;

/** The labels a prompt allows: those it lists, else those it defines, else those its demonstrations use. */
export function choicesOf(outline: Outline): Choices {
  const definitions: Definition[] = [];
  let listed: readonly string[] = [];
  for (const block of outline.blocks) {
    if (block.kind === "definitions") definitions.push(...definitionsIn(block));
    if (block.kind === "segment" || block.kind === "context" || block.kind === "examples") continue;
    const found = listIn(block.text);
    if (found.length >= 2 && (listed.length === 0 || block.kind === "output" || block.kind === "check")) listed = found;
  }
  if (listed.length >= 2) {
    const kept = definitions.flatMap((definition) => {
      const label = listed.find((name) => sameName(name, definition.label));
      return label === undefined ? [] : [{ ...definition, label }];
    });
    return { labels: listed, definitions: kept.length > 0 ? kept : optionsIn(listed, outline) };
  }
  const names: string[] = definitions.map((definition) => definition.label);
  names.push(...outline.demonstrations.map((shown) => answerLabel(shown)).filter((name) => name.length <= 60));
  const unique = names.filter((name, i) => name !== "" && names.findIndex((other) => sameName(other, name)) === i);
  return { labels: unique, definitions };
}

const listIn = memo(256, (text: string): readonly string[] => {
  for (const match of text.matchAll(listIntro)) {
    const body = match[1] ?? "";
    const items = (body.includes("\n") ? body.split("\n") : body.split(/[,;|]| or /))
      .map((item) =>
        item
          .replace(/^[ \t]*(?:[-*•]|\d+[.)]|or\b|and\b)[ \t]*/, "")
          .replace(/^["'`*“(]+|["'`*”)]+$/g, "")
          .trim(),
      )
      .map((item) => item.replace(/\.$/, "").replace(/["'`”]+$/, ""))
      .filter((item) => item !== "");
    if (
      items.length >= 2 &&
      items.every((item) => item.length <= 60 && !/[{}[\]"]/.test(item) && item.split(/\s+/).length <= 8)
    )
      return [...new Set(items)];
  }
  return [];
});

/** Offsets count from the start of the text; trimming may have moved it by a few characters, which attention cannot tell. */
const definitionsOf = memo(256, (text: string) =>
  [...text.matchAll(definitionLine)].map((match) => {
    const [all, label, meaning] = match;
    return { label: (label ?? "").trim(), text: meaning ?? "", from: match.index, to: match.index + all.length };
  }),
);

function definitionsIn(block: Block): Definition[] {
  return definitionsOf(block.text).map(({ label, text, from, to }) => {
    return { label, text, start: block.start + from, end: block.start + to, system: block.system };
  });
}

/** For labels that are letters: the options behind them, wherever the prompt spells them out. */
function optionsIn(labels: readonly string[], outline: Outline): Definition[] {
  if (!labels.every((label) => /^[A-Za-z0-9]$/.test(label))) return [];
  const options: Definition[] = [];
  for (const block of outline.blocks) {
    for (const match of block.text.matchAll(
      /(?:^|[\s(])([A-Za-z0-9])[).:][ \t]+([^\n]+?)(?=[ \t,;]+\(?[A-Za-z0-9][).:][ \t]|\n|$)/g,
    )) {
      const [all, label, text] = match;
      const start = block.start + match.index;
      if (label !== undefined && text !== undefined && labels.includes(label)) {
        options.push({ label, text, start, end: start + all.length, system: block.system });
      }
    }
  }
  return options;
}

/** The label a demonstration shows, taken out of JSON when it is JSON. */
export function answerLabel(shown: Shown): string {
  const text = shown.answer.trim();
  if (!text.startsWith("{") && !text.startsWith("[")) return text.replace(/^["'`]+|["'`.]+$/g, "");
  try {
    const first = firstString(JSON.parse(text));
    return first ?? text;
  } catch {
    return text;
  }
}

function firstString(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return undefined;
  for (const inner of Object.values(value)) {
    const found = firstString(inner);
    if (found !== undefined) return found;
  }
  return undefined;
}

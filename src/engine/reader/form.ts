import type { Outline } from "./outline.ts";

/** How the answer should be written, as far as the prompt's wording tells. */
export type Form =
  | { readonly kind: "label" }
  | { readonly kind: "text" }
  | { readonly kind: "number" }
  | { readonly kind: "sql" }
  | { readonly kind: "ranked"; readonly json: boolean; readonly most: number; readonly keys: readonly string[] }
  | { readonly kind: "json"; readonly keys: readonly string[] }
  | { readonly kind: "packed"; readonly keys: readonly string[]; readonly numericIds: boolean };

export function formOf(outline: Outline, labels: number): Form {
  const ids = outline.segments.filter((segment) => segment.id !== undefined).length;
  let asked = "";
  for (const { kind, text } of outline.blocks) {
    if (kind === "output" || kind === "check" || kind === "question") asked += `\n${text}`;
  }
  if (!/\bJSON\b/.test(asked)) {
    for (const { kind, text } of outline.blocks)
      if (kind === "instructions" || kind === "role" || kind === "other") asked += `\n${text}`;
  }
  const json = /\bJSON\b/.test(asked);
  const array = /\bJSON (array|list)\b|\barray of\b/i.test(asked);
  const keys = [
    ...new Set(
      [...asked.matchAll(/["“`]([A-Za-z_]\w{0,30})["”`](?=\s*(?::|is\b|are\b|,|and\b|with\b|\}))/g)].map(
        (match) => match[1] ?? "",
      ),
    ),
  ];
  if (ids > 0 && (ids > 1 || array)) return { kind: "packed", keys, numericIds: /"id"\s*:\s*\d/.test(asked) };
  const ranks =
    /\brank(ed|ing)?\b|\b(best|most likely|likeliest) first\b|\bat most \d+ (answers|labels|candidates)\b/i.test(asked);
  if (ranks || (array && ids === 0)) {
    const most = Number(/\b(?:at most|up to|top)[ -](\d{1,2})\b/i.exec(asked)?.[1] ?? 5);
    return { kind: "ranked", json: json || array, most: Math.max(1, most), keys };
  }
  if (json) return { kind: "json", keys };
  if (/\bSQL\b/.test(asked) && labels === 0) return { kind: "sql" };
  if (
    /\b(one|a|the|single) (number|integer|numeric)|\bnumber and nothing else\b|\bin digits\b/i.test(asked) &&
    labels < 2
  )
    return { kind: "number" };
  return labels >= 1 ? { kind: "label" } : { kind: "text" };
}

export function isConfidenceKey(key: string): boolean {
  return /^(confidence|probability|certainty|score|sure|p)$/i.test(key);
}

export function isReasonKey(key: string): boolean {
  return /^(reason|reasoning|explanation|rationale|why|evidence|thought|analysis)$/i.test(key);
}

export function isListKey(key: string): boolean {
  return /^(candidates|ranking|ranked|alternatives|labels|answers|top\w*)$/i.test(key);
}

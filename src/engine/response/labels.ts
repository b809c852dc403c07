/**
 * Finds which label an answer means. Strict forms are tried first, so that labels which differ only in case or punctuation
 * stay apart when the model writes them exactly.
 */
export interface LabelMatcher {
  /** The label that the whole text is, but for case, quotes, markdown, punctuation, and `_`, `-` or spaces between words. */
  whole(text: string): string | undefined;
  /** The label of one or two letters that opens the text as an option does: `(A) bank`, `B. at the shop`, `No, it is not`. */
  leading(text: string): string | undefined;
  /** The distinct labels that occur in the text; a label inside a longer one does not count. */
  within(text: string): readonly string[];
}

const matchers = new WeakMap<readonly string[], LabelMatcher>();

/** The matcher of a list of labels, made once per list. */
export function labelMatcher(labels: readonly string[]): LabelMatcher {
  let matcher = matchers.get(labels);
  if (matcher === undefined) {
    matcher = build(labels);
    matchers.set(labels, matcher);
  }
  return matcher;
}

/** Two labels are the same when this is the same: case, outer punctuation and the signs between words put aside. */
export function looseLabel(text: string): string {
  return undress(text)
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\s_\u2010-\u2015-]+/g, " ")
    .trim();
}

const quotes = "*_`\"'“”‘’«»";
const closing = `${quotes}.!,;:`;
const brackets = [
  ["(", ")"],
  ["[", "]"],
  ["{", "}"],
] as const;

/** A text without the quotes, markdown and final punctuation that models put around an answer. */
export function undress(text: string): string {
  let bare = text.trim();
  for (;;) {
    let start = 0;
    let end = bare.length;
    while (start < end && quotes.includes(bare.charAt(start))) start++;
    if (start === 0) start = /^(?:#{1,6}|[-•>])\s+/.exec(bare)?.[0].length ?? 0;
    while (end > start && closing.includes(bare.charAt(end - 1))) end--;
    let inner = bare.slice(start, end).trim();
    for (const [open, close] of brackets) {
      if (inner.startsWith(open) && inner.indexOf(close) === inner.length - 1) inner = inner.slice(1, -1).trim();
    }
    // Signs that are the whole answer stay.
    if (inner === bare || inner === "") return bare;
    bare = inner;
  }
}

function build(labels: readonly string[]): LabelMatcher {
  const exact = new Set(labels);
  /** Null where several labels are the same but for dress. */
  const loose = new Map<string, string | null>();
  for (const label of labels) {
    const key = looseLabel(label);
    loose.set(key, loose.has(key) ? null : label);
  }
  const keys = [...loose.keys()].filter((key) => key !== "").sort((a, b) => b.length - a.length);
  // One or two letters are words or options; only the option's dress tells which.
  const long = keys.filter((key) => key.length > 2);
  const short = keys.filter((key) => key.length <= 2);
  let pattern: RegExp | undefined;
  let optionPattern: RegExp | undefined;

  return {
    whole(text) {
      const trimmed = text.trim();
      if (exact.has(trimmed)) return trimmed;
      const bare = undress(trimmed);
      if (exact.has(bare)) return bare;
      return loose.get(looseLabel(bare)) ?? undefined;
    },
    leading(text) {
      if (short.length === 0) return undefined;
      const match = opening.exec(text);
      const letter = match?.[1] ?? match?.[2];
      if (letter === undefined) return undefined;
      const label = loose.get(letter.toLowerCase()) ?? undefined;
      const others = optionsIn(match?.[3] ?? "").filter((other) => other !== label);
      return others.length === 0 ? label : undefined;
    },
    within(text) {
      const found = new Set<string>();
      if (long.length > 0) {
        pattern ??= new RegExp(
          `(?<![\\p{L}\\p{N}_-])(?:${long.map(flexible).join("|")})(?![\\p{L}\\p{N}]|[_-][\\p{L}\\p{N}])`,
          "gu",
        );
        for (const [written] of text.normalize("NFKC").toLowerCase().matchAll(pattern)) {
          const label = loose.get(looseLabel(written));
          if (label !== undefined && label !== null) found.add(label);
        }
      }
      if (short.length > 0) {
        for (const label of optionsIn(text)) found.add(label);
      }
      return [...found];
    },
  };

  /** Short labels that stand as options: in brackets, or called one. */
  function optionsIn(text: string): readonly string[] {
    const one = short.map(escaped).join("|");
    optionPattern ??= new RegExp(`\\((${one})\\)|\\b(?:option|choice|answer(?: is)?)[: ]+\\(?(${one})\\b`, "gi");
    return Array.from(
      text.matchAll(optionPattern),
      ([, bracketed, named]) => loose.get((bracketed ?? named ?? "").toLowerCase()) ?? "",
    ).filter((label) => label !== "");
  }
}

/** A short word in brackets or before a sign, and what follows on its line. */
const opening = /^[\s*_"'`]*(?:[([]\s*([^\s()[\]]{1,2})\s*[)\]]|([^\s().:,;!]{1,2})\s*[).:,;!])([^\n]*)/u;

/** A loose label as a pattern for the ways to write it. */
function flexible(key: string): string {
  return key.split(" ").map(escaped).join("[\\s_\\u2010-\\u2015-]+");
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

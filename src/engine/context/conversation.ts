import { wordsOf } from "../layout/words.ts";
import type { ContextSpec } from "../spec/experiment.ts";

/** A question and its answer: they stay or go together. Words are found once, when it is made. */
export interface Exchange {
  readonly tokens: number;
  /** Hashes of its words in an open table, 0 where it is empty: thousands of exchanges are looked through at a time. */
  readonly words: Uint32Array;
}

/** An exchange with these texts. */
export function exchangeOf(texts: readonly string[], tokens: number): Exchange {
  const hashes = new Set<number>();
  for (const text of texts) for (const word of wordsOf(text)) hashes.add(hashOf(word));
  const words = new Uint32Array(2 ** Math.ceil(Math.log2(2 * hashes.size + 2)));
  for (const hash of hashes) words[placeOf(words, hash)] = hash;
  return { tokens, words };
}

/** Where a hash stands in a table, or would. */
function placeOf(table: Uint32Array, hash: number): number {
  const mask = table.length - 1;
  let at = hash & mask;
  while (table[at] !== 0 && table[at] !== hash) at = (at + 1) & mask;
  return at;
}

/** FNV-1a, never 0. Of two words that share one of four billion values one passes for the other, once in a blue moon. */
function hashOf(word: string): number {
  let hash = 2_166_136_261;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 16_777_619);
  return hash >>> 0 || 1;
}

export interface ConversationTrim {
  /** Places of the exchanges that stay, in order. */
  readonly kept: readonly number[];
  /** Tokens of all exchanges before, and of those that stay. */
  readonly before: number;
  readonly after: number;
  /** Steps it took, a look-up of a word or an exchange each: what it costs, whatever the machine. */
  readonly work: number;
}

/** Words of the present question that are looked for; more would tell no more. */
const mostWords = 64;

/**
 * The exchanges of a conversation that stay in `room` tokens. What goes first depends on the strategy: `sliding-window` the
 * earliest; `importance` those that share least with the present question, rare words counting more, the earlier of equals;
 * `hybrid` likewise but the last quarter of them last; `aggressive` and `none` all. System messages and the present question are
 * no part of this: they always stay. Pure and deterministic; time grows with n log n of the exchanges.
 */
export function trimConversation(
  exchanges: readonly Exchange[],
  room: number,
  strategy: ContextSpec["trim"],
  question: string,
): ConversationTrim {
  let before = 0;
  for (const { tokens } of exchanges) before += tokens;
  const n = exchanges.length;
  let work = n;
  if (before <= room) return { kept: exchanges.map((_, i) => i), before, after: before, work };
  if (strategy === "aggressive" || strategy === "none") return { kept: [], before, after: 0, work };
  const order = Array.from({ length: n }, (_, i) => i);
  if (strategy !== "sliding-window") {
    const { scores, looked } = importanceOf(exchanges, question);
    work += looked + n * Math.ceil(Math.log2(n + 1));
    const recent = strategy === "hybrid" ? Math.floor(n * 0.75) : n;
    const late = (i: number) => (i < recent ? 0 : 1);
    order.sort((a, b) => late(a) - late(b) || (scores[a] as number) - (scores[b] as number) || a - b);
  }
  const gone = new Uint8Array(n);
  let after = before;
  for (const i of order) {
    if (after <= room) break;
    gone[i] = 1;
    after -= (exchanges[i] as Exchange).tokens;
    work += 1;
  }
  const kept: number[] = [];
  for (let i = 0; i < n; i++) if (gone[i] === 0) kept.push(i);
  return { kept, before, after, work };
}

function importanceOf(exchanges: readonly Exchange[], question: string) {
  const wanted = [...new Set(wordsOf(question))].slice(0, mostWords);
  const scores = new Float64Array(exchanges.length);
  for (const word of wanted) {
    const holding: number[] = [];
    const hash = hashOf(word);
    exchanges.forEach(({ words }, i) => {
      if (words[placeOf(words, hash)] === hash) holding.push(i);
    });
    const weight = Math.log(1 + exchanges.length / Math.max(1, holding.length));
    for (const i of holding) scores[i] = (scores[i] as number) + weight;
  }
  return { scores, looked: wanted.length * exchanges.length };
}

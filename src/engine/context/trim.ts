import type { Example } from "../dataset/example.ts";
import type { Cut } from "../layout/block.ts";
import type { RenderedLayout } from "../layout/render.ts";
import type { Prompt } from "../prompt/prompt.ts";
import type { ContextSpec } from "../spec/experiment.ts";
import { byImportance, byRecency, sentencesOf } from "./importance.ts";

/** What was dropped so that one prompt fits; everything 0 and empty when nothing was. */
export interface TrimReport {
  /** Tokens of the whole prompt before anything was dropped, and now. */
  readonly before: number;
  readonly after: number;
  readonly budget: number | undefined;
  /** False when even without all that may go the prompt is too long: then nothing was dropped, and it must not be sent. */
  readonly fits: boolean;
  /** Demonstrations left out, and how many there were. */
  readonly demonstrations: { readonly dropped: number; readonly of: number };
  /** Sentences of the context left out, in the order in which they stood. */
  readonly context: readonly string[];
}

export interface Fitted {
  readonly prompt: Prompt;
  readonly cut: Cut;
  readonly report: TrimReport;
}

export interface FitOptions {
  /** Most tokens the prompt may have; undefined leaves every prompt as it is. */
  readonly budget: number | undefined;
  readonly trim: ContextSpec["trim"];
  /** Tokens of a whole prompt; see `tokenCounter`. */
  readonly count: (prompt: Prompt) => number;
}

/**
 * Makes one prompt fit: demonstrations go first, the least useful first, then the context sentence by sentence, never the segment
 * or the question. Which sentences go depends on `trim`: `importance` drops those that share least with the segment and question,
 * `sliding-window` the earliest, `hybrid` the least important but for the last quarter, `aggressive` all demonstrations and the
 * whole context at once, `none` nothing. Deterministic and pure.
 */
export function fitPrompt(given: RenderedLayout, example: Example, options: FitOptions): Fitted {
  const { budget, trim, count } = options;
  const layout = given.layoutFor?.(example) ?? given;
  const whole = layout.assemble(example);
  const before = count(whole);
  const of = layout.demonstrations;
  const done = (cut: Cut, prompt: Prompt, after: number, fits: boolean, context: readonly string[]): Fitted => ({
    prompt,
    cut,
    report: {
      before,
      after,
      budget,
      fits,
      demonstrations: { dropped: of - Math.min(of, cut.demonstrations ?? of), of },
      context,
    },
  });
  if (budget === undefined || before <= budget) return done({}, whole, before, true, []);
  if (trim === "none") return done({}, whole, before, false, []);

  const lengthOf = (cut: Cut) => count(layout.assemble(example, cut));
  const context = layout.contextOf(example);
  const bare: Cut = context === "" ? { demonstrations: 0 } : { demonstrations: 0, context: "" };
  const sentences = sentencesOf(context);
  const all = sentences.filter((each) => each.trim() !== "");
  if (lengthOf(bare) > budget) return done({}, whole, before, false, []);
  if (trim === "aggressive") return done(bare, layout.assemble(example, bare), lengthOf(bare), true, all);

  const keep = largest(of - 1, (n) => lengthOf({ demonstrations: n }) <= budget);
  if (keep !== undefined) {
    const cut = { demonstrations: keep };
    return done(cut, layout.assemble(example, cut), lengthOf(cut), true, []);
  }
  const order = droppingOrder(trim, sentences, decisionText(whole));
  const without = (dropped: number): Cut => {
    const gone = new Set(order.slice(0, dropped));
    return { demonstrations: 0, context: sentences.filter((_, i) => !gone.has(i)).join("") };
  };
  const characters = [0];
  for (const i of order.toReversed()) characters.push((characters.at(-1) ?? 0) + (sentences[i]?.length ?? 0));
  const kept = mostKept(characters, (n) => lengthOf(without(order.length - n)), budget);
  const cut = without(order.length - kept);
  const gone = order.slice(0, order.length - kept).sort((a, b) => a - b);
  return done(
    cut,
    layout.assemble(example, cut),
    lengthOf(cut),
    true,
    gone.map((i) => sentences[i] as string),
  );
}

/** The largest n in 0..max that fits, where a smaller n never takes more room; undefined when none does. */
function largest(max: number, fits: (n: number) => boolean): number | undefined {
  if (max < 0 || !fits(0)) return undefined;
  let low = 0;
  let high = max;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Guesses by interpolation before halving takes over: tokens follow characters closely, but not everywhere. */
const guesses = 5;

/**
 * The most sentences whose prompt fits. None fits and all do not; more never take less room. `characters` are those of so many
 * sentences: counting a long prompt is dear, and they say about where the border is.
 */
function mostKept(characters: readonly number[], lengthOf: (kept: number) => number, budget: number): number {
  const at = (n: number) => characters[n] ?? 0;
  let low = 0;
  let high = characters.length - 1;
  let lowLength = lengthOf(low);
  let highLength = lengthOf(high);
  if (highLength <= budget) return high;
  for (let probe = 0; high - low > 1; probe++) {
    let next = (low + high) >> 1;
    if (probe < guesses) {
      const share = (budget - lowLength) / Math.max(1, highLength - lowLength);
      const wanted = at(low) + share * (at(high) - at(low));
      next = low;
      while (next < high && at(next + 1) <= wanted) next += 1;
      next = Math.min(high - 1, Math.max(low + 1, next));
    }
    const length = lengthOf(next);
    if (length <= budget) {
      low = next;
      lowLength = length;
    } else {
      high = next;
      highLength = length;
    }
  }
  return low;
}

/** Sentences by number, the first to go first. */
function droppingOrder(trim: ContextSpec["trim"], sentences: readonly string[], decision: string): readonly number[] {
  switch (trim) {
    case "sliding-window":
      return byRecency(sentences);
    case "hybrid": {
      const recent = Math.floor(sentences.length * 0.75);
      const order = byImportance(sentences, decision);
      return [...order.filter((i) => i < recent), ...order.filter((i) => i >= recent)];
    }
    default:
      return byImportance(sentences, decision);
  }
}

/** The text that the decision is about: the segment and the question as they stand in the prompt. */
function decisionText(prompt: Prompt): string {
  let text = "";
  for (const message of prompt.messages) {
    for (const piece of message.pieces) {
      if (piece.part === "segment" || piece.part === "question") text += `${piece.text}\n`;
    }
  }
  return text;
}

import { seededRandom, shuffled } from "../../base/random.ts";
import type { Demonstration, DemonstrationSelect, ListOrder } from "../spec/experiment.ts";
import { inOrder } from "./order.ts";
import { wordsOf } from "./words.ts";

/** Chooses the demonstrations of a prompt. */
export interface DemonstrationChoice {
  /** How many stand in a prompt. */
  readonly count: number;
  /** What every row gets that is not itself a demonstration; undefined when each row has its own. */
  readonly fixed: readonly Demonstration[] | undefined;
  /**
   * For one row, at most `limit`: `own` are texts that a demonstration must not show, as its answer would stand in the prompt;
   * `likeness` is the text that `nearest` compares with. Gives `fixed` itself where that holds.
   */
  forRow(own: readonly string[], likeness: string, limit?: number): readonly Demonstration[];
}

/**
 * `first` takes the pool's order, `random` one seeded order for all rows, `nearest` the most similar to each row, the most
 * similar last so that it stands nearest to the text. Deterministic; ties go to the pool's order. A lower limit takes away
 * what matters least: the last, or with `nearest` the least similar.
 */
export function chooseDemonstrations(
  pool: readonly Demonstration[],
  wanted: number,
  select: DemonstrationSelect,
  seed: number,
): DemonstrationChoice {
  const count = Math.min(wanted, pool.length);
  if (select === "nearest") {
    const nearest = indexOf(pool);
    return {
      count,
      fixed: undefined,
      forRow: (own, likeness, limit = count) => nearest(likeness, Math.min(limit, count), avoiding(own)),
    };
  }
  const order = select === "random" ? shuffled(pool, seededRandom("demonstrations", seed)) : pool;
  const fixed = order.slice(0, count);
  return {
    count,
    fixed,
    forRow(own, _, limit = count) {
      const avoid = avoiding(own);
      if (limit >= count && !fixed.some(avoid)) return fixed;
      return order.filter((each) => !avoid(each)).slice(0, Math.min(limit, count));
    },
  };
}

/** The same choice, shown in another order. */
export function ordered(choice: DemonstrationChoice, order: ListOrder, seed: number): DemonstrationChoice {
  if (order === "asWritten") return choice;
  const fixed = choice.fixed && inOrder(choice.fixed, order, seed);
  return {
    count: choice.count,
    fixed,
    forRow(own, likeness, limit) {
      const chosen = choice.forRow(own, likeness, limit);
      return fixed !== undefined && chosen === choice.fixed ? fixed : inOrder(chosen, order, seed);
    },
  };
}

function avoiding(own: readonly string[]): (demonstration: Demonstration) => boolean {
  const texts = new Set(own.map((text) => text.trim()));
  return (demonstration) => texts.has(demonstration.input.trim());
}

type Nearest = (text: string, count: number, skip: (demonstration: Demonstration) => boolean) => Demonstration[];

const indexes = new WeakMap<readonly Demonstration[], Nearest>();

/** One index a pool, whatever number of layouts and previews ask it. */
function indexOf(pool: readonly Demonstration[]): Nearest {
  const known = indexes.get(pool) ?? nearestIndex(pool);
  indexes.set(pool, known);
  return known;
}

/**
 * Similarity is the cosine between the sets of words, each weighted by its inverse document frequency in the pool
 * (log((1 + N) / (1 + n)) + 1, as scikit-learn smooths it).
 */
function nearestIndex(pool: readonly Demonstration[]): Nearest {
  const sets = pool.map((each) => new Set(wordsOf(each.input)));
  const found = new Map<string, number[]>();
  sets.forEach((words, index) => {
    for (const word of words) {
      const postings = found.get(word);
      if (postings === undefined) found.set(word, [index]);
      else postings.push(index);
    }
  });
  const weight = (word: string) => Math.log((1 + pool.length) / (1 + (found.get(word)?.length ?? 0))) + 1;
  const norms = sets.map((words) => Math.sqrt([...words].reduce((sum, word) => sum + weight(word) ** 2, 0)));
  return (text, count, skip) => {
    const scores = new Float64Array(pool.length);
    for (const word of new Set(wordsOf(text))) {
      const square = weight(word) ** 2;
      for (const index of found.get(word) ?? []) scores[index] = (scores[index] as number) + square;
    }
    const similarity = (index: number) =>
      norms[index] === 0 ? 0 : (scores[index] as number) / (norms[index] as number);
    return pool
      .map((_, index) => index)
      .filter((index) => !skip(pool[index] as Demonstration))
      .sort((a, b) => similarity(b) - similarity(a) || a - b)
      .slice(0, count)
      .reverse()
      .map((index) => pool[index] as Demonstration);
  };
}

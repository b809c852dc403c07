import { seededRandom, shuffled } from "../../base/random.ts";
import type { ListOrder } from "../spec/experiment.ts";

/** A list as a prompt shows it; `shuffled` draws once, so that every prompt of an experiment has the same order. */
export function inOrder<T>(items: readonly T[], order: ListOrder, seed: number): readonly T[] {
  switch (order) {
    case "asWritten":
      return items;
    case "reversed":
      return items.toReversed();
    case "shuffled":
      return shuffled(items, seededRandom("order", seed));
  }
}

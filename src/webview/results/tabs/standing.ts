import type { Decision } from "../../../engine/decide/sampler.ts";

export interface Standing {
  readonly id: string;
  /** Mean score when the decision was taken; undefined where it was not noted. */
  readonly mean: number | undefined;
  readonly status: "active" | "dropped" | "won";
  /** Rows consumed when it came to its status; undefined while it races. */
  readonly since: number | undefined;
}

/** How the variants of one race stood once a decision was taken, replayed from the log. Best first. */
export function standingAt(
  decisions: readonly (Decision & { readonly model: string })[],
  step: number,
  variants: readonly { readonly id: string; readonly model: string }[],
): readonly Standing[] {
  const current = decisions[step];
  if (current === undefined) return [];
  const past = decisions.slice(0, step + 1).filter(({ model }) => model === current.model);
  // Dropped variants are in no later mean, so each keeps the last that was noted.
  const means = new Map<string, number>();
  const ends = new Map<string, Standing>();
  for (const { row, variant, kind, numbers } of past) {
    for (const [id, mean] of Object.entries(numbers.means ?? {})) means.set(id, mean);
    if (variant === null || (kind !== "dropped" && kind !== "won")) continue;
    ends.set(variant, { id: variant, mean: undefined, status: kind, since: row });
  }
  return variants
    .filter(({ model }) => model === current.model)
    .map(({ id }) => ({
      ...(ends.get(id) ?? { id, status: "active" as const, since: undefined }),
      mean: means.get(id),
    }))
    .sort((a, b) => (b.mean ?? -1) - (a.mean ?? -1));
}

import type { Group } from "./messageGroups.ts";

/** How the same part stands in two layouts. */
export interface PartLinks {
  /** Number by group key, the same number on both sides; groups without a twin have none. */
  readonly left: ReadonlyMap<string, number>;
  readonly right: ReadonlyMap<string, number>;
  /** Numbers of what stands in another place or message on the right. */
  readonly moved: ReadonlySet<number>;
}

/**
 * Pairs the groups of two layouts by part, in order, and finds what moved: whatever is not in the longest run of groups that
 * keep their order and message.
 */
export function linkParts(left: readonly Group[], right: readonly Group[]): PartLinks {
  const leftNumbers = new Map<string, number>();
  const rightNumbers = new Map<string, number>();
  const free = [...right];
  left.forEach((group, index) => {
    const twin = free.findIndex((other) => other.part === group.part);
    if (twin < 0) return;
    const [other] = free.splice(twin, 1);
    if (other === undefined) return;
    leftNumbers.set(group.key, index + 1);
    rightNumbers.set(other.key, index + 1);
  });
  const stays = keptOrder(
    left.filter((group) => leftNumbers.has(group.key)).map((group) => `${group.role} ${leftNumbers.get(group.key)}`),
    right.filter((group) => rightNumbers.has(group.key)).map((group) => `${group.role} ${rightNumbers.get(group.key)}`),
  );
  const moved = new Set([...leftNumbers.values()].filter((number) => !stays.has(number)));
  return { left: leftNumbers, right: rightNumbers, moved };
}

/** Numbers of a longest common subsequence. */
function keptOrder(a: readonly string[], b: readonly string[]): Set<number> {
  const lengths = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  const at = (i: number, j: number) => lengths[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const row = lengths[i];
      if (row) row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const kept = new Set<number>();
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) {
      kept.add(Number(a[i]?.split(" ").at(-1)));
      i++;
      j++;
    } else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  return kept;
}

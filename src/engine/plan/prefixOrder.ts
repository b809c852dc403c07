import type { Prompt } from "../prompt/prompt.ts";

/** The text at a prompt's head that is the same for every example, with the roles it stands under. */
export function fixedHead(prompt: Prompt): string {
  let head = "";
  for (const { role, pieces } of prompt.messages) {
    head += `${role}\n`;
    for (const { text, fixed } of pieces) {
      if (!fixed) return head;
      head += text;
    }
  }
  return head;
}

/**
 * In which order variants are sent so that those which begin alike follow each other: a provider's cache then holds what the next
 * one needs. Each is followed by the one that shares most with it; where nothing is shared the given order stays. The result has
 * every variant's place, and variants still take turns row by row.
 */
export function prefixRanks(heads: readonly string[]): readonly number[] {
  const left = heads.map((_, i) => i);
  const ranks = new Array<number>(heads.length).fill(0);
  let last: string | undefined;
  for (let rank = 0; left.length > 0; rank++) {
    let best = 0;
    let most = -1;
    for (const [at, index] of left.entries()) {
      const shared = last === undefined ? 0 : sharedLength(last, heads[index] ?? "");
      if (shared > most) {
        most = shared;
        best = at;
      }
    }
    const [chosen] = left.splice(best, 1);
    if (chosen === undefined) break;
    ranks[chosen] = rank;
    last = heads[chosen];
  }
  return ranks;
}

function sharedLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let at = 0;
  while (at < most && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  return at;
}

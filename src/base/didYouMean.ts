/** The candidates that someone who wrote `text` may have meant, nearest first; at most three. Case counts for nothing. */
export function didYouMean(text: string, candidates: Iterable<string>): string[] {
  const wanted = text.toLowerCase();
  const near: { readonly candidate: string; readonly distance: number }[] = [];
  for (const candidate of candidates) {
    if (candidate === text) continue;
    const other = candidate.toLowerCase();
    const limit = Math.max(1, Math.floor(Math.max(wanted.length, other.length) / 3));
    const bare = (name: string) => name.replaceAll(/[-_ .]/g, "");
    const distance = bare(other) === bare(wanted) ? 0 : editDistance(wanted, other, limit);
    // A beginning or an end of at least three letters counts as near: `text` for `text_en`, `max` for `maxTokens`.
    const partial = wanted.length >= 3 && (other.startsWith(wanted) || other.endsWith(wanted));
    if (distance <= limit) near.push({ candidate, distance });
    else if (partial) near.push({ candidate, distance: limit + 1 });
  }
  near.sort((a, b) => a.distance - b.distance);
  return near.slice(0, 3).map((each) => each.candidate);
}

/** Edits (insert, delete, replace, swap of neighbours) from one text to the other; stops counting above `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let best = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row.push(cost);
      if (cost < best) best = cost;
    }
    if (best > limit) return limit + 1;
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

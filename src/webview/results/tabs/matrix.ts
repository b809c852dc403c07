export interface ConfusionCell {
  readonly expected: string;
  readonly prediction: string;
  readonly count: number;
}

export interface Matrix {
  /** The experiment's labels first, then whatever else was expected or answered. */
  readonly labels: readonly string[];
  /** By expected, then by answered. */
  readonly counts: readonly (readonly number[])[];
  /** Trials by expected answer. */
  readonly totals: readonly number[];
  /** What was taken for something else, most frequent first; `share` is of the expected label's trials. */
  readonly pairs: readonly (ConfusionCell & { readonly share: number })[];
}

export function confusionMatrix(cells: readonly ConfusionCell[], known: readonly string[]): Matrix {
  const seen = new Set(cells.flatMap((cell) => [cell.expected, cell.prediction]));
  const labels = [
    ...known.filter((label) => seen.has(label)),
    ...[...seen].filter((label) => !known.includes(label)).sort(),
  ];
  const place = new Map(labels.map((label, i) => [label, i]));
  const counts = labels.map(() => new Array<number>(labels.length).fill(0));
  const totals = new Array<number>(labels.length).fill(0);
  for (const { expected, prediction, count } of cells) {
    const row = place.get(expected) ?? 0;
    const column = place.get(prediction) ?? 0;
    const line = counts[row];
    if (line !== undefined) line[column] = (line[column] ?? 0) + count;
    totals[row] = (totals[row] ?? 0) + count;
  }
  const pairs = cells
    .filter((cell) => cell.expected !== cell.prediction)
    .map((cell) => ({ ...cell, share: cell.count / Math.max(1, totals[place.get(cell.expected) ?? 0] ?? 1) }))
    .sort((a, b) => b.count - a.count || b.share - a.share);
  return { labels, counts, totals, pairs };
}

/** What one layout answered on one row. */
export interface Answer {
  /** Undefined when there was no answer that could be read. */
  readonly prediction: string | undefined;
  /** Primary score in [0, 1]. */
  readonly score: number;
  /** In [0, 1]; undefined when none was given. */
  readonly confidence: number | undefined;
}

/** One row's answers, a member of the ensemble each, in the members' order. */
export type AnswerRow = readonly Answer[];

/** A distinct answer of a row and who gave it. */
export interface Candidate {
  readonly prediction: string;
  /** Places of the members that gave it, ascending. */
  readonly members: readonly number[];
  /** What it scores: its members' mean, which differ only where a scorer looks at more than the prediction. */
  readonly score: number;
}

/** The distinct answers of a row, in the order in which members first gave them. */
export function candidatesOf(row: AnswerRow): readonly Candidate[] {
  const members = new Map<string, number[]>();
  row.forEach(({ prediction }, member) => {
    if (prediction === undefined) return;
    const key = prediction.trim();
    const known = members.get(key);
    if (known === undefined) members.set(key, [member]);
    else known.push(member);
  });
  return [...members].map(([prediction, by]) => ({
    prediction,
    members: by,
    score: by.reduce((sum, member) => sum + (row[member]?.score ?? 0), 0) / by.length,
  }));
}

/**
 * The answer with the most weight behind it. A tie goes to the answer that the first listed member among the tied gave;
 * undefined when no member answered.
 */
export function elect(row: AnswerRow, weightOf: (member: number) => number): Candidate | undefined {
  let best: Candidate | undefined;
  let most = Number.NEGATIVE_INFINITY;
  for (const candidate of candidatesOf(row)) {
    const weight = candidate.members.reduce((sum, member) => sum + weightOf(member), 0);
    // Sums of the same weights in another order may differ in the last bit, which must not break a tie.
    if (weight > most + 1e-12) {
      best = candidate;
      most = weight;
    }
  }
  return best;
}

/** Figures with their goals: one table each, and whether every goal was met. */

let missed = 0;

export function heading(text: string): void {
  process.stdout.write(`\n${text}\n`);
}

/** Rows of equal columns, the first one wide. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]?.length ?? 0)));
  for (const row of [head, ...rows]) {
    const cells = row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)));
    process.stdout.write(`  ${cells.join("  ")}\n`);
  }
}

/** One measured figure beside its goal: `met` or `NOT MET`, by the measured value alone. */
export function figure(what: string, value: number, goal: { readonly atMost: number; readonly unit?: string }): void {
  const unit = goal.unit === undefined ? "" : ` ${goal.unit}`;
  const met = value <= goal.atMost;
  if (!met) missed += 1;
  const shown = goal.atMost >= 20 ? Math.round(value) : value.toFixed(3);
  process.stdout.write(
    `  → ${what}: ${shown}${unit}, goal at most ${goal.atMost}${unit}: ${met ? "met" : "NOT MET"}\n`,
  );
}

/** Ends the process's bench: 1 when a goal was missed. */
export function verdict(): number {
  process.stdout.write(missed === 0 ? "\nEvery goal is met.\n" : `\n${missed} of the goals are not met.\n`);
  return missed === 0 ? 0 : 1;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

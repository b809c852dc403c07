/** Rows remembered: those in the middle of their layouts are never further back. */
const remembered = 65_536;

/**
 * Under how much room rows were answered. What one layout read whole and the next would have to cut looks like an effect of the
 * layout; such a row counts for none.
 */
export class AnsweredRows {
  /** Per model, by place in the run's order: the generation of the model's context. */
  readonly #rows = new Map<string, Map<number, number>>();

  note(model: string, position: number, generation: number): void {
    let rows = this.#rows.get(model);
    if (rows === undefined) {
      rows = new Map();
      this.#rows.set(model, rows);
    }
    rows.set(position, Math.min(generation, rows.get(position) ?? generation));
    if (rows.size <= remembered) return;
    for (const oldest of rows.keys()) {
      rows.delete(oldest);
      break;
    }
  }

  /** True when the row was answered before with more room than in this generation. */
  hadMore(model: string, position: number, generation: number): boolean {
    const answered = this.#rows.get(model)?.get(position);
    return answered !== undefined && answered < generation;
  }
}

import { UserError } from "../../base/errors.ts";

/** No score in [0, 1] can be mistaken for these. */
const UNTOLD = -2;
const VOID = -1;

export type RowState = "missing" | "void" | "ready";

/** What has been asked and told, by row and variant. Knows nothing of order or decisions. */
export class Ledger {
  readonly rows: number;
  readonly #scores: Float64Array[] = [];
  readonly #asked: Uint8Array[] = [];

  constructor(rows: number, variants: number) {
    this.rows = rows;
    for (let v = 0; v < variants; v++) this.add();
  }

  /** Makes room for one more variant. */
  add(): void {
    this.#scores.push(new Float64Array(this.rows).fill(UNTOLD));
    this.#asked.push(new Uint8Array(this.rows));
  }

  /** @throws UserError when the score is not in [0, 1]; Error when the same trial is told two different things. */
  record(row: number, variant: number, score: number | "void"): void {
    const column = this.#scores[variant];
    if (column === undefined || !Number.isInteger(row) || row < 0 || row >= this.rows) {
      throw new Error(`no trial at row ${row}, variant ${variant}`);
    }
    if (score !== "void" && !(score >= 0 && score <= 1)) {
      throw new UserError("score-range", `The score ${score} is not between 0 and 1`, "scale the scorer to that range");
    }
    const value = score === "void" ? VOID : score;
    const before = column[row] as number;
    if (before !== UNTOLD && before !== value) {
      throw new Error(`row ${row}, variant ${variant} was told ${before} and then ${value}`);
    }
    column[row] = value;
  }

  /** Marks a trial as named; false when it was named or told before. */
  claim(row: number, variant: number): boolean {
    const asked = this.#asked[variant] as Uint8Array;
    if (asked[row] === 1 || this.told(row, variant)) return false;
    asked[row] = 1;
    return true;
  }

  told(row: number, variant: number): boolean {
    return (this.#scores[variant] as Float64Array)[row] !== UNTOLD;
  }

  isVoid(row: number, variant: number): boolean {
    return (this.#scores[variant] as Float64Array)[row] === VOID;
  }

  /** The score of a trial that was told and is not void. */
  score(row: number, variant: number): number {
    return (this.#scores[variant] as Float64Array)[row] as number;
  }

  /** A row is void as soon as one of `variants` cannot have it, and ready when all have a score. */
  state(row: number, variants: readonly number[]): RowState {
    let missing = false;
    for (const v of variants) {
      const value = (this.#scores[v] as Float64Array)[row];
      if (value === VOID) return "void";
      if (value === UNTOLD) missing = true;
    }
    return missing ? "missing" : "ready";
  }
}

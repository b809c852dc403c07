/** What a scoring process is asked and what it answers; plain JSON over the process's channel. */

export type Task =
  | {
      readonly kind: "sql";
      readonly database: Database;
      readonly expected: string;
      readonly predicted: string;
      /** Whether the order of the rows counts. */
      readonly ordered: boolean;
      /** Most that one query may take, in ms; the database is told as well where it can stop a query itself. */
      readonly timeoutMs: number;
    }
  | { readonly kind: "script"; readonly file: string; readonly input: ScriptInput };

export type Database =
  | { readonly kind: "sqlite"; readonly file: string }
  | { readonly kind: "postgres"; readonly url: string };

/** What a script's function is given. */
export interface ScriptInput {
  /** The answer as it was read: a text, a number, parsed JSON, a list of candidates. */
  readonly output: unknown;
  /** The answer as it came. */
  readonly text: string;
  readonly expected: string | null;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** How a pair of queries compares. */
export type SqlResult =
  | { readonly kind: "right" }
  | { readonly kind: "wrongResult"; readonly detail: string }
  /** The predicted query's own trouble. */
  | { readonly kind: "queryError" | "refused" | "tooLarge" | "timedOut"; readonly detail: string }
  /** The expected query, or the database, is the trouble: nothing is known of the answer. */
  | { readonly kind: "unscored"; readonly detail: string };

export type ScriptResult =
  | { readonly kind: "scored"; readonly value: number; readonly note: string | undefined }
  | { readonly kind: "threw"; readonly detail: string };

/** A sign that the process stands ready for its first task, or that the last step of one begins, and its time with it. */
export interface Step {
  readonly kind: "step";
  readonly step: "ready" | "predicted";
}

export type Answer = SqlResult | ScriptResult | Step;

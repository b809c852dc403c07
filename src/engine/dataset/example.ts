import type { Scalar } from "../spec/experiment.ts";

/** One row of a dataset. */
export interface Example {
  /** The row's own id, or the content hash of its fields. Stable across files, days and tools. */
  readonly id: string;
  /** 1-based record number in the file, the header not counted. */
  readonly row: number;
  /** 1-based line in the file where the record starts. */
  readonly line: number;
  readonly fields: Readonly<Record<string, Scalar | null>>;
  /** The right answer as text; undefined when the row has none. */
  readonly expected: string | undefined;
}

export interface Dataset {
  readonly examples: readonly Example[];
  readonly columns: readonly string[];
  readonly expectedColumn: string | undefined;
  /** Distinct expected answers in order of first appearance. */
  readonly labels: readonly string[];
  /** Content address of the examples used and their order in the file: what a verdict is about. */
  readonly hash: string;
}

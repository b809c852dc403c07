import type { Scalar } from "../spec/experiment.ts";

export type RunStatus = "running" | "finished" | "stopped" | "interrupted" | "failed";

export interface RunRecord {
  readonly id: string;
  /** The experiment's name. */
  readonly name: string;
  /** Path of the experiment file as it was opened; empty for a run without a file. */
  readonly file: string;
  readonly createdAt: number;
  readonly endedAt: number | undefined;
  readonly status: RunStatus;
  /** Why it ended, in a sentence; undefined while it runs. */
  readonly stopReason: string | undefined;
  /** The experiment as run: JSON, environment values never filled in. */
  readonly experiment: string;
  readonly datasetHash: string;
  readonly models: readonly string[];
  readonly variants: readonly VariantRecord[];
  /** Scorer names, the primary first. */
  readonly scorers: readonly string[];
  /** Row numbers of the dataset in the order they are asked, drawn before the first call. */
  readonly order: Uint32Array;
  /** Seed, alpha, margin, scope, engine version, order hash: whatever makes a verdict checkable. */
  readonly settings: Readonly<Record<string, Scalar | null>>;
  /** CONTRACT's `verdict`, as JSON; undefined until there is one. */
  readonly verdict: string | undefined;
  /** The whole `run --json` document, as JSON; written when the run ends. */
  readonly summary: string | undefined;
  /** The process that owns the run while it is running: `host:pid:start`. */
  readonly owner: string | undefined;
}

export interface VariantRecord {
  /** Place in the run; trials and decisions use it. */
  readonly index: number;
  readonly id: string;
  readonly layout: string;
  readonly model: string;
  readonly parameters: Readonly<Record<string, Scalar>>;
}

export interface RunTable {
  create(run: RunRecord): Promise<void>;
  /** Changes the given fields only. */
  update(
    id: string,
    change: Partial<
      Pick<
        RunRecord,
        | "status"
        | "endedAt"
        | "stopReason"
        | "verdict"
        | "summary"
        | "owner"
        // A layout that joins: the experiment it is part of, and what decides.
        | "experiment"
        | "variants"
        | "settings"
      >
    >,
  ): Promise<void>;
  get(id: string): Promise<RunRecord | undefined>;
  /** Newest first; `prefix` finds a run by the start of its id. */
  list(filter?: {
    readonly file?: string;
    readonly prefix?: string;
    readonly status?: RunStatus;
    readonly limit?: number;
  }): Promise<readonly RunRecord[]>;
  /** Removes a run with its trials, requests and decisions; cached answers stay. */
  delete(id: string): Promise<void>;
  /** Stores the rows a run is about, once per dataset hash. */
  putExamples(datasetHash: string, examples: readonly ExampleRecord[]): Promise<void>;
  examples(datasetHash: string, rows: readonly number[]): Promise<readonly ExampleRecord[]>;
  addDecisions(run: string, decisions: readonly DecisionRecord[]): Promise<void>;
  decisions(run: string): Promise<readonly DecisionRecord[]>;
  /** Forgets the decisions of a run whose scores are about to change. */
  clearDecisions(run: string): Promise<void>;
}

export interface ExampleRecord {
  /** Index into the dataset as loaded, from 0; `RunRecord.order` holds these. */
  readonly index: number;
  readonly id: string;
  readonly row: number;
  readonly line: number;
  readonly expected: string | undefined;
  readonly fields: Readonly<Record<string, Scalar | null>>;
}

export interface DecisionRecord {
  readonly sequence: number;
  /** Model whose race it belongs to. */
  readonly model: string;
  /** Rows consumed when it was taken. */
  readonly row: number;
  readonly variant: string | undefined;
  readonly kind: string;
  readonly reason: string;
  /** JSON values: see `DecisionNumbers`. */
  readonly numbers: Readonly<Record<string, unknown>>;
  readonly at: number;
}

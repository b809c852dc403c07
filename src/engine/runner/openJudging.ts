import path from "node:path";
import type { Clock } from "../../base/clock.ts";
import { UserError } from "../../base/errors.ts";
import type { FileReader } from "../../base/files.ts";
import { openScorers } from "../metrics/scorers/open.ts";
import type { Options } from "../metrics/scorers/options.ts";
import type { AnyScorer, SlowScorer } from "../metrics/scorers/scorer.ts";
import { type JudgeCalls, judgeScorer } from "../scoring/judgeScorer.ts";
import { ProcessPool } from "../scoring/processPool.ts";
import { scriptScorer } from "../scoring/scriptScorer.ts";
import { type FindFile, sqlScorer } from "../scoring/sqlScorer.ts";
import { resolveEnv } from "../spec/env.ts";
import type { Experiment, PartName } from "../spec/experiment.ts";
import { placeholdersOf } from "../spec/placeholders.ts";

/** What scorers need of the world. */
export interface ScoringWorld {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder of the experiment file. */
  readonly folder: string;
  /** Files the experiment may read. */
  readonly files: FileReader;
  /** Whether scripts of this folder may run. */
  readonly trusted: boolean;
  readonly judge: (model: string) => JudgeCalls;
}

/** The scorers of an experiment, ready to score; closed by whoever opened them. */
export interface OpenScorers {
  readonly scorers: readonly AnyScorer[];
  close(): void;
}

/** Scripts that run at once. */
const scriptsAtOnce = 2;

/** @throws UserError for options, files and variables that are not as they must be. */
export function openJudging(
  experiment: Pick<Experiment, "scoring" | "prompt" | "dataset" | "sampling">,
  world: ScoringWorld,
): OpenScorers {
  const pools: ProcessPool[] = [];
  const pool = (size: number): ProcessPool => {
    const made = new ProcessPool({ size, clock: world.clock });
    pools.push(made);
    return made;
  };
  const open = (type: string, options: Options, name: string): SlowScorer => {
    switch (type) {
      case "sql": {
        const database = resolveEnv(options.needed("database"), (variable) => world.env[variable]);
        const timeout = options.atLeast("timeout", 1) ?? 60_000;
        const order = options.oneOf("order", ["auto", "strict", "ignore"]) ?? "auto";
        const size = options.atLeast("concurrency", 1) ?? 10;
        return sqlScorer(name, { database, timeout, order }, pool(size), (file) => findFile(file, world));
      }
      case "script": {
        const file = options.needed("file");
        if (!world.trusted) throw untrusted(file);
        const timeout = options.atLeast("timeout", 1) ?? 10_000;
        return scriptScorer(name, { file: path.resolve(world.folder, file), timeout }, pool(scriptsAtOnce));
      }
      default:
        return judgeScorer(
          name,
          {
            rubric: options.needed("rubric"),
            scale: options.range("scale") ?? [0, 1],
            perCall: options.atLeast("perCall", 1) ?? 10,
            reference: options.flag("reference") ?? true,
            seed: experiment.sampling.seed,
            columns: judgedColumns(experiment),
          },
          world.judge(options.needed("model")),
        );
    }
  };
  const scorers = openScorers(experiment.scoring, open);
  return {
    scorers,
    close() {
      for (const each of pools) each.close();
    },
  };
}

/** Ids of the models that judge. */
export function judgeModels({ scoring }: Pick<Experiment, "scoring">): readonly string[] {
  const ids = scoring.flatMap(({ type, options }) =>
    type === "judge" && typeof options["model"] === "string" ? [options["model"]] : [],
  );
  return [...new Set(ids)];
}

/** What the prompt tells of a row is what the judge may see of it; the right answer stands apart. */
function judgedColumns({ prompt, dataset }: Pick<Experiment, "prompt" | "dataset">): readonly string[] {
  const texts = Object.values(prompt).flatMap((part: unknown) => (isText(part) ? [part.text] : []));
  const columns = texts.flatMap((text) =>
    placeholdersOf(text).map(({ column }) => dataset.input[column as PartName] ?? column),
  );
  return [...new Set([...Object.values(dataset.input), ...columns])].filter((column) => column !== dataset.expected);
}

function isText(part: unknown): part is { readonly text: string } {
  return typeof part === "object" && part !== null && "text" in part && typeof part.text === "string";
}

async function findFile(file: string, { files, folder }: ScoringWorld): ReturnType<FindFile> {
  const opened = await files.open(file);
  switch (opened.kind) {
    case "file":
      return { file: path.resolve(folder, file) };
    case "missing":
      return { trouble: `${file} does not exist` };
    case "folder":
      return { trouble: `${file} is a folder` };
    case "outside":
      return { trouble: `${file} lies outside the folders this experiment may read` };
    case "unreadable":
      return { trouble: `${file} cannot be read (${opened.reason})` };
  }
}

function untrusted(file: string): UserError {
  return new UserError(
    "untrusted-script",
    `${file} is a script, and scripts run in trusted workspaces only`,
    "trust the workspace, or score without it",
  );
}

import path from "node:path";
import type { Disposable } from "../../base/disposable.ts";
import { UserError } from "../../base/errors.ts";
import type { Cache } from "../cache/cache.ts";
import { type PriceTable, priceOf } from "../plan/prices.ts";
import type { Providers } from "../provider/registry.ts";
import type { Queue } from "../queue/queue.ts";
import type { Budget } from "../runner/budget.ts";
import { type JudgeTrouble, RunJudge } from "../runner/judgeCalls.ts";
import { judgeModels, type OpenScorers, openJudging, type ScoringWorld } from "../runner/openJudging.ts";
import type { RunModel } from "../runner/record.ts";
import type { JudgeCalls } from "../scoring/judgeScorer.ts";
import type { Experiment } from "../spec/experiment.ts";
import type { Completion, RunRecord } from "../store/store.ts";
import type { Services } from "./deps.ts";
import type { Sources } from "./source.ts";

/** The models that judge, as a run uses them. @throws UserError for one that cannot be opened. */
export async function openJudges(
  experiment: Experiment,
  providers: Providers,
  prices: PriceTable,
): Promise<ReadonlyMap<string, RunModel>> {
  const judges = new Map<string, RunModel>();
  for (const id of judgeModels(experiment)) {
    const { provider, model } = await providers.openModel(id);
    const facts = provider.facts(model);
    if (facts.replayed && id.startsWith("replay:"))
      throw new UserError("judge-replay", `${id} cannot judge`, "name a model that answers");
    judges.set(id, { id, name: model, provider, facts, price: priceOf(id, facts, prices) });
  }
  return judges;
}

/** What a run's scorers are opened with. */
export interface JudgingParts {
  readonly services: Services;
  readonly sources: Sources;
  readonly record: Pick<RunRecord, "id" | "name" | "file">;
  readonly experiment: Experiment;
  /** Absent where no model judges. */
  readonly asking?: Asking | undefined;
}

/** How judges are asked. */
export interface Asking {
  readonly judges: ReadonlyMap<string, RunModel>;
  readonly queue: Queue;
  readonly cache: Cache;
  readonly budget: Budget;
  /** Judges are not asked: what they said before still counts. */
  readonly silent?: boolean;
}

/** Finds what keeps the scorers from being opened, before anything is stored. @throws UserError */
export function checkScoring(services: Services, sources: Sources, file: string, experiment: Experiment): void {
  const unasked: JudgeCalls = {
    ask: async () => ({ kind: "unavailable" }),
    known: async () => undefined,
    keep: async () => {},
  };
  openJudging(experiment, { ...worldOf(services, sources, file), judge: () => unasked }).close();
}

function worldOf({ deps }: Services, sources: Sources, file: string): Omit<ScoringWorld, "judge"> {
  return {
    clock: deps.clock,
    env: deps.env,
    folder: path.dirname(file),
    files: sources.files(file),
    trusted: deps.trusted ?? true,
  };
}

/** The scorers of a run, and what its judges report. */
export interface RunScoring extends OpenScorers {
  onTrouble(listener: (trouble: JudgeTrouble) => void): Disposable;
  /** A judge was asked. */
  onAsked(listener: (completion: Completion) => void): Disposable;
}

/** @throws UserError for options, files and variables that are not as they must be. */
export function openScoring(parts: JudgingParts): RunScoring {
  const { services, sources, record, experiment, asking } = parts;
  const asked = new Map<string, RunJudge>();
  if (asking !== undefined) {
    const { judges, ...how } = asking;
    for (const [id, model] of judges)
      asked.set(id, new RunJudge({ run: record.id, experiment: record.name, store: services.store, model, ...how }));
  }
  const open = openJudging(experiment, {
    ...worldOf(services, sources, record.file),
    judge(id) {
      const judge = asked.get(id);
      if (judge === undefined) throw new Error(`no judge ${id}`);
      return judge;
    },
  });
  const each = (subscribe: (judge: RunJudge) => Disposable): Disposable => {
    const listening = [...asked.values()].map(subscribe);
    return {
      dispose() {
        for (const one of listening) one.dispose();
      },
    };
  };
  return {
    ...open,
    onTrouble: (listener) => each((judge) => judge.onTrouble(listener)),
    onAsked: (listener) => each((judge) => judge.onAsked(listener)),
  };
}

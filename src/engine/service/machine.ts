import type { Correction } from "../context/calibration.ts";
import { isCorrected } from "../context/countError.ts";
import { joinLearned, type Learned, readLearned, safeContext } from "../context/learned.ts";
import { encodingOf } from "../context/tokenizer.ts";
import type { Design } from "../runner/design.ts";
import type { Machine } from "../runner/localModels.ts";
import type { RunModel } from "../runner/record.ts";
import type { Services } from "./deps.ts";

/** Under which scope of the state table contexts that worked and failed are kept. */
const learnedScope = "context";
/** And counts of tokens, by model: a vocabulary is the same everywhere. */
const countedScope = "tokens";

/** What is known of this machine: earlier runs' lessons from the store, and the cards as they are. */
export function machineOf(services: Services): Machine {
  return {
    learned: (model) => learnedOf(services, model),
    cards: () => services.gpus.read(),
  };
}

async function learnedOf(services: Services, model: RunModel): Promise<Learned> {
  return readLearned(await services.store.state.get(learnedScope, keyOf(services, model)));
}

/** The context a model can be asked with here, in tokens, as far as runs have met a limit; any server's, as none is asked. */
export async function learnedWindow({ store, owner }: Services, model: string): Promise<number | undefined> {
  for (const [key, told] of await store.state.list(learnedScope)) {
    if (key.endsWith(` ${model} ${owner.split(":")[0]}`)) return safeContext(readLearned(told));
  }
  return undefined;
}

/** Keeps what a run learned, joined with what was known before. */
export async function keepLearned(services: Services, planned: Pick<Design, "contexts" | "models">): Promise<void> {
  const { contexts, models } = planned;
  await keepCounts(services, planned);
  for (const [id, manager] of contexts.managers) {
    const model = models.get(id);
    const { learned } = manager;
    if (model === undefined || (learned.workedTokens ?? learned.failedTokens) === undefined) continue;
    const all = joinLearned(await learnedOf(services, model), learned);
    await services.store.state.set(learnedScope, keyOf(services, model), JSON.stringify(all));
  }
}

/** How tokens of a model compare with their estimates, from the reports of the last run that had any. */
export async function correctionOf({ store }: Services, model: string): Promise<Correction | undefined> {
  const told = await store.state.get(countedScope, model);
  if (told === undefined) return undefined;
  const { ratio, error, reports } = JSON.parse(told) as Correction;
  return { ratio, error, reports };
}

async function keepCounts(
  { store }: Services,
  { contexts, models }: Pick<Design, "contexts" | "models">,
): Promise<void> {
  for (const model of models.keys()) {
    const correction = contexts.calibration.correction(model);
    if (encodingOf(model) === undefined && isCorrected(correction))
      await store.state.set(countedScope, model, JSON.stringify(correction));
  }
}

/** By server and machine: a store that several machines share keeps their cards apart. */
function keyOf({ owner }: Services, { id, facts }: RunModel): string {
  return `${facts.scope} ${id} ${owner.split(":")[0]}`;
}

import { ContextManager } from "../context/contextManager.ts";
import { type Learned, nothingLearned, safeContext } from "../context/learned.ts";
import { largestContext, type ModelMemory, warningLine } from "../gpu/fit.ts";
import type { GpuReport } from "../gpu/gpu.ts";
import type { ContextSpec } from "../spec/experiment.ts";
import type { RunModel } from "./record.ts";

/** What is known of this machine before a run. */
export interface Machine {
  /** What earlier runs learned of a model here. */
  learned(model: RunModel): Promise<Learned>;
  /** The cards as they are now; undefined where nobody looked. */
  cards(): Promise<GpuReport | undefined>;
}

/** A server that does not describe its model within this time is not asked again: the run will tell that it is out of reach. */
const describedWithinMs = 3_000;

/** The manager of one local model's context, and a sentence when the run gets less than its prompts need. */
export async function contextManager(
  model: RunModel,
  needed: number,
  context: Pick<ContextSpec, "vramWarning" | "trimEvery">,
  machine: Machine | undefined,
): Promise<{ readonly manager: ContextManager; readonly note: string | undefined }> {
  const [learned, memory, cards] = await Promise.all([
    machine?.learned(model) ?? nothingLearned,
    described(model),
    machine?.cards(),
  ]);
  const limits = limitsOf(memory, learned, context.vramWarning, cards, model.facts.maxConcurrency ?? 1);
  const [tightest] = limits.toSorted((a, b) => a.tokens - b.tokens);
  const manager = new ContextManager({
    needed,
    learned,
    most: tightest?.tokens,
    warningBytes: context.vramWarning,
    every: context.trimEvery,
  });
  const note =
    tightest === undefined || manager.tokens >= needed
      ? undefined
      : `${model.id} is asked with ${count(manager.tokens)} tokens of context where the longest prompt may need ${count(needed)}: ${tightest.why}. Longer prompts lose examples, then context; rows that still do not fit count for no layout.`;
  return { manager, note };
}

async function described({ provider, name }: RunModel): Promise<ModelMemory | undefined> {
  try {
    return await provider.memory?.(name, AbortSignal.timeout(describedWithinMs));
  } catch {
    return undefined;
  }
}

function limitsOf(
  memory: ModelMemory | undefined,
  learned: Learned,
  toldBytes: number,
  cards: GpuReport | undefined,
  parallel: number,
): readonly { readonly tokens: number; readonly why: string }[] {
  const limits: { readonly tokens: number; readonly why: string }[] = [];
  const made = memory?.contextTokens;
  if (made !== undefined) limits.push({ tokens: made, why: "the model was made for no more" });
  const safe = safeContext(learned);
  if (safe !== undefined) limits.push({ tokens: safe, why: "more ran out of graphics memory before" });
  const total = cards?.devices.reduce((sum, { totalBytes }) => sum + (totalBytes ?? 0), 0);
  const line = warningLine(toldBytes, total === 0 ? undefined : total);
  // What has worked is a better guide than what was reckoned.
  const fits = memory && largestContext(memory, line, parallel);
  if (fits !== undefined) {
    const tokens = Math.max(fits, learned.workedTokens ?? 0);
    limits.push({ tokens, why: `more would not fit under ${(line / 1024 ** 3).toFixed(1)} GB of graphics memory` });
  }
  return limits;
}

function count(tokens: number): string {
  return tokens.toLocaleString("en-US");
}

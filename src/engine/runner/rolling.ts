import { UserError } from "../../base/errors.ts";
import { counterFor } from "../context/tokenizer.ts";
import { knownWindow, promptBudget } from "../context/window.ts";
import type { Experiment } from "../spec/experiment.ts";
import type { RunRecord, Store } from "../store/store.ts";
import { Conversations } from "./conversations.ts";
import type { Design } from "./design.ts";
import type { PreparedRun } from "./preparedRun.ts";

/** Tokens a conversation may take where nobody says: longer ones cost more with every turn. */
const usualTokens = 8_192;
/** Estimates of tokens are low by up to a fifth for languages other than English. */
const margin = 1.2;
const step = 1_024;

export const rollingNote =
  "Requests are turns of one conversation for each variant, so every answer depends on those before it and on the order of the rows: the verdict is exploratory.";

export function rolls({ context }: Pick<Experiment, "context">): boolean {
  return context.conversation === "rolling";
}

/** @throws UserError for what cannot be asked as turns of a conversation. */
export function checkRolling({ chain, packing, parameters }: Experiment): void {
  const packs = packing.segmentsPerRequest > 1 || parameters["packing"] !== undefined;
  if (chain.length === 0 && !packs) return;
  throw new UserError(
    "rolling",
    `a rolling conversation cannot carry ${chain.length > 0 ? "a chain" : "packed requests"}`,
    "set context.conversation to stateless",
  );
}

/** Context to ask a local model for, in tokens, when one prompt needs `single`. */
export function rollingContext({ context }: Experiment, single: number): number {
  const whole = (context.maxTokens ?? usualTokens) * margin;
  return Math.max(single, Math.ceil(whole / step) * step);
}

/** The conversations of a run. What was said before an interruption is said again from the stored answers. */
export async function conversationsOf(
  record: RunRecord,
  { experiment, contexts, variants, models, answerTokens }: Design,
  plan: PreparedRun["plan"],
  store: Store,
): Promise<Conversations> {
  const { trim, trimEvery, maxTokens } = experiment.context;
  const conversations = new Conversations({
    trim,
    every: trimEvery,
    roomOf(model) {
      const manager = contexts.managers.get(model);
      const windowTokens =
        manager === undefined
          ? (models.get(model)?.facts.windowTokens ?? knownWindow(model))
          : (manager.window ?? Math.floor(manager.tokens / margin));
      return promptBudget({ maxTokens: maxTokens ?? usualTokens, windowTokens, answerTokens }) ?? usualTokens;
    },
    counterOf: counterFor,
    isFull: (model) => contexts.isFull(model),
  });
  for await (const trial of store.trials.each({ run: record.id })) {
    const variant = variants[trial.variant];
    if (variant === undefined || trial.rawResponse === undefined) continue;
    if (trial.state !== "scored" && trial.state !== "unparsable") continue;
    conversations.remember(plan(variant, trial.position, trial.repeat), trial.rawResponse);
  }
  return conversations;
}

import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import type { ComparedSide, RunListItem } from "../../engine/api.ts";
import type { Lab } from "../lab.ts";
import { percent } from "../words.ts";
import { pickRun, runIn } from "./targets.ts";

/** Compares two runs, or two variants of them, on the examples both have. */
export async function compareRuns(lab: Lab, argument: unknown): Promise<void> {
  const all = (await lab.engine.request("runs", { limit: 100 })).filter((run) => run.variants.length > 0);
  if (all.length < 2)
    throw new UserError("too-few-runs", "there are not two runs to compare", "run an experiment again, or another one");
  const given = runIn(argument);
  const first = all.find((run) => run.run === given) ?? (await pickRun(all, "Compare which run…"));
  if (first === undefined) return;
  const a = await side(first, "Which variant of it?");
  if (a === undefined) return;
  const others = all.filter((run) => run.run !== first.run);
  const second = await pickRun(others, `…with which other run of ${first.name} or another experiment?`);
  if (second === undefined) return;
  const b = await side(second, "Which variant of it?");
  if (b !== undefined) await lab.documents.showComparison(a, b);
}

async function side(run: RunListItem, placeHolder: string): Promise<ComparedSide | undefined> {
  if (run.variants.length === 1) return { run: run.run };
  const best = { label: "$(star-full) Its best", description: "", variant: undefined };
  const picked = await vscode.window.showQuickPick(
    [
      best,
      ...run.variants.map((variant) => ({
        label: variant.id,
        description: variant.accuracy === undefined ? "" : percent(variant.accuracy),
        variant: variant.id,
      })),
    ],
    { placeHolder },
  );
  if (picked === undefined) return undefined;
  return picked.variant === undefined ? { run: run.run } : { run: run.run, variant: picked.variant };
}

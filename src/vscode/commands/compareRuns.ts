import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import type { ComparedSide, RunListItem } from "../../engine/api.ts";
import type { Lab } from "../lab.ts";
import { dateTime, percent } from "../words.ts";
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
  if (b === undefined) return;
  const noise = await noiseRun(all, [first, second]);
  if (noise !== undefined) await lab.documents.showComparison(a, b, noise === "none" ? undefined : noise);
}

/**
 * The run whose noise the difference is held against, or `none`. Nothing is asked where one of the two measured its own, which
 * counts by itself, or where no run did. Undefined when nothing is picked.
 */
async function noiseRun(all: readonly RunListItem[], compared: readonly RunListItem[]): Promise<string | undefined> {
  const measured = all.filter((run) => run.noise === true);
  if (measured.length === 0 || compared.some((run) => run.noise === true)) return "none";
  // Those of the same experiments say most.
  const near = (run: RunListItem) => compared.some(({ file }) => file === run.file);
  const picked = await vscode.window.showQuickPick(
    [
      { label: "Nothing", description: "the difference by itself", run: "none" },
      ...[...measured.filter(near), ...measured.filter((run) => !near(run))].map(({ name, createdAt, run }) => ({
        label: `$(pulse) ${name}`,
        description: `asked everything twice, ${dateTime(createdAt)}`,
        run,
      })),
    ],
    { placeHolder: "Hold the difference against the noise of…" },
  );
  return picked?.run;
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

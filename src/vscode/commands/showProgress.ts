import type { Lab } from "../lab.ts";
import { runFor, runIn } from "./targets.ts";

/** Opens the progress of a run: the one that is going, or the one it was called on. */
export async function showProgress(lab: Lab, argument: unknown): Promise<void> {
  const live = lab.runs.all;
  const only = runIn(argument) === undefined && live.length === 1 ? live[0]?.view : undefined;
  if (only !== undefined) {
    lab.runPanels.show(only.run, only.name);
    return;
  }
  const item = await runFor(lab, argument, {
    placeHolder: "Progress of which run?",
    fits: (run) => live.length === 0 || lab.runs.get(run.run) !== undefined,
    none: { message: "there are no runs yet", action: "start one with Run Experiment" },
  });
  if (item !== undefined) lab.runPanels.show(item.run, item.name);
}

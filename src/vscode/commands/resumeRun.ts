import type { Lab } from "../lab.ts";
import { requireTrust } from "../trouble.ts";
import { runFor } from "./targets.ts";

/** Goes on with a run that was stopped or cut off; what is stored is not asked again. */
export async function resumeRun(lab: Lab, argument: unknown): Promise<void> {
  requireTrust();
  const item = await runFor(lab, argument, {
    placeHolder: "Which run goes on?",
    fits: (run) => run.status !== "finished" && !run.live,
    none: { message: "there is no interrupted run", action: "start one with Run Experiment" },
  });
  if (item === undefined) return;
  await lab.editorModels.admit(item.models);
  const { run } = await lab.engine.request("resume", { run: item.run });
  lab.runPanels.show(run, item.name);
}

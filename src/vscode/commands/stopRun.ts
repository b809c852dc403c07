import type { Lab } from "../lab.ts";
import { runFor } from "./targets.ts";

/** Stops a run: once, and what is in flight finishes; again, and it is given up. Nothing that was answered is lost. */
export async function stopRun(lab: Lab, argument: unknown): Promise<void> {
  const item = await runFor(lab, argument, {
    placeHolder: "Which run stops?",
    fits: (run) => lab.runs.get(run.run) !== undefined,
    none: { message: "no run is going in this window", action: "start one with Run Experiment" },
  });
  if (item === undefined) return;
  const again = lab.runs.get(item.run)?.view.status === "stopping";
  await lab.engine.request("stop", { run: item.run, now: again });
}

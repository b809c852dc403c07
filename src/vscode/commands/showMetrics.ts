import type { Lab } from "../lab.ts";
import { runFor } from "./targets.ts";

/** Opens the metrics of a run. */
export async function showMetrics(lab: Lab, argument: unknown): Promise<void> {
  const item = await runFor(lab, argument, {
    placeHolder: "Metrics of which run?",
    fits: () => true,
    none: { message: "there are no runs yet", action: "start one with Run Experiment" },
  });
  if (item !== undefined) lab.resultsPanels.show(item.run, item.name);
}

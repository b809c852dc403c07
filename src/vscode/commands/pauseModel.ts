import type { Lab } from "../lab.ts";
import type { ModelNode } from "../trees/models/modelsTree.ts";

/** Holds back a model's work in a run that is going, or lets it go on; the other models keep their pace. */
export async function pauseModel(lab: Lab, argument: unknown, paused: boolean): Promise<void> {
  const node = argument as ModelNode | undefined;
  if (node?.kind !== "queued") return;
  await lab.engine.request("pauseModel", { run: node.run, model: node.model.model, paused });
}

import { type Disposable, disposable } from "../../base/disposable.ts";
import { samplesOf } from "../gpu/gpu.ts";
import type { Design } from "../runner/design.ts";
import type { Services } from "./deps.ts";

/** Reads the graphics cards while a run of a local model goes on, and keeps what they held with the run. */
export function watchCards({ gpus, store, emit }: Services, run: string, { models, contexts }: Design): Disposable {
  if (![...models.values()].some(({ facts }) => facts.local)) return disposable(() => {});
  const trouble = (error: unknown) => {
    emit("log", { level: "warn", message: `graphics memory could not be watched: ${String(error)}` });
  };
  const listening = gpus.onReport((report) => {
    store.gpuSamples.add(run, samplesOf(report)).catch(trouble);
    contexts.seen(report, models.values()).catch(trouble);
  });
  const held = gpus.hold();
  return disposable(() => {
    held.dispose();
    listening.dispose();
  });
}

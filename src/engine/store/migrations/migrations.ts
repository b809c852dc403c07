import { init } from "./0001-init.ts";
import { gpuSamples } from "./0002-gpu-samples.ts";

/** Steps of the schema; the n-th leads to version n. A step that was released is never edited: add the next one. */
export const migrations: readonly string[] = [init, gpuSamples];

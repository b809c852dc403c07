import { init } from "./0001-init.ts";
import { gpuSamples } from "./0003-gpu-samples.ts";

/**
 * Steps of the schema; the n-th leads to version n, and an empty one changes nothing. A step that was released is never edited:
 * add the next one.
 */
export const migrations: readonly string[] = [init, "", gpuSamples];

import { DoublingSampler } from "./doubling.ts";
import { FixedSampler } from "./full.ts";
import { type SamplerOptions, settle } from "./options.ts";
import { RacingSampler } from "./race.ts";
import type { Sampler } from "./sampler.ts";

/** Opens the sampler of a mode. @throws UserError for options that no run can mean. */
export function openSampler(options: SamplerOptions): Sampler {
  const settings = settle(options);
  switch (settings.mode) {
    case "adaptive":
      return new RacingSampler(settings);
    case "full":
    case "fixed":
      return new FixedSampler(settings);
    case "doubling":
      return new DoublingSampler(settings);
    default:
      throw new Error(`mode ${settings.mode} is not there`);
  }
}

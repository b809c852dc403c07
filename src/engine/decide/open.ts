import { BanditSampler } from "./bandit.ts";
import { BayesSampler } from "./bayes.ts";
import { DoublingSampler } from "./doubling.ts";
import { FixedSampler } from "./full.ts";
import { HalvingSampler } from "./halving.ts";
import { CheaperSampler } from "./nonInferiority.ts";
import { type SamplerOptions, settle } from "./options.ts";
import { RacingSampler } from "./race.ts";
import type { OpenSampler, Sampler } from "./sampler.ts";

/** Opens the sampler of a mode. @throws UserError for options that no run can mean. */
export function openSampler(options: SamplerOptions): Sampler {
  const settings = settle(options);
  switch (settings.mode) {
    case "adaptive":
      return settings.objective === "cheaper" ? new CheaperSampler(settings) : new RacingSampler(settings);
    case "full":
    case "fixed":
      return new FixedSampler(settings);
    case "doubling":
      return new DoublingSampler(settings);
    case "halving":
      return new HalvingSampler(settings);
    case "bandit":
      return new BanditSampler(settings);
    case "bayes":
      return new BayesSampler(settings);
  }
}

/** Opens a race that variants may join while it runs. */
export function openRace(options: Omit<SamplerOptions, "mode" | "objective">): OpenSampler {
  return new RacingSampler(settle({ ...options, mode: "adaptive" }));
}

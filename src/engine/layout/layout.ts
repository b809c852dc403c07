import type { Example } from "../dataset/example.ts";
import type { Prompt } from "../prompt/prompt.ts";
import type { PartName, Style } from "../spec/experiment.ts";

/**
 * How the parts of a prompt are placed: data, never code, so that a user's own layout and a built-in one are the same thing.
 * A part that the experiment does not have is left out, its neighbours close up.
 */
export interface Arrangement {
  readonly name: string;
  /** One sentence for people choosing. */
  readonly description: string;
  readonly system: readonly PartName[];
  readonly user: readonly PartName[];
  readonly style: Style;
  readonly examplesAs: "text" | "turns";
  /** How often the user message's text stands in it (prompt repetition); 1 normally. */
  readonly repeat: number;
  /** Within each message, what is the same for every example stands before what varies (for prefix caches). */
  readonly fixedFirst?: boolean;
}

/** A named rewriting of arrangements; hybrids are transforms applied in turn. Pure. */
export interface Transform {
  readonly name: string;
  readonly description: string;
  apply(arrangement: Arrangement): Arrangement;
}

/** An arrangement joined with an experiment's parts: what is fixed has been rendered, what varies waits for an example. */
export interface CompiledLayout {
  readonly arrangement: Arrangement;
  /** Deterministic: the same example gives the same bytes. Throws only on a bug; missing columns were diagnosed before. */
  assemble(example: Example): Prompt;
}

/** Where things stand in one prompt, in tokens. Ratios lie in [0, 1]; null when the part is absent. */
export interface LayoutMetrics {
  readonly promptTokens: number;
  readonly systemTokens: number;
  readonly userTokens: number;
  /** Tokens before the first segment / all tokens (recency: near 1). */
  readonly segmentPosition: number | null;
  /** Tokens before the last question / all tokens (question-first: near 0). */
  readonly questionPosition: number | null;
  /** Tokens before the quick check / all tokens (sandwich). */
  readonly quickCheckPosition: number | null;
  /** System tokens / user tokens (minimal-system: near 0); null without user tokens. */
  readonly systemToUser: number | null;
  /** Leading tokens that are the same for every example / all tokens: what a provider's prefix cache can serve. */
  readonly cacheablePrefix: number;
}

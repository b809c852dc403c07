import { didYouMean } from "../../../base/didYouMean.ts";
import { messageOf, UserError } from "../../../base/errors.ts";
import type { ScorerSpec } from "../../spec/experiment.ts";
import { jsonFieldScorer, jsonFieldsScorer } from "./jsonFields.ts";
import { numberScorer } from "./number.ts";
import { reciprocalRankScorer, topScorer } from "./ranked.ts";
import type { Scorer } from "./scorer.ts";
import { containsScorer, exactScorer, labelScorer, normalisedScorer, regexScorer } from "./text.ts";

/** One kind of scorer: the options it takes, and how it is made from them. */
interface ScorerKind {
  readonly options: readonly string[];
  readonly open: (name: string, options: Options) => Scorer;
}

/** Every kind by its name in `scoring`. To add one, write its file and name it here. */
const kinds: Readonly<Record<string, ScorerKind>> = {
  label: { options: [], open: labelScorer },
  exact: { options: [], open: exactScorer },
  normalised: { options: [], open: normalisedScorer },
  contains: { options: [], open: containsScorer },
  regex: {
    options: ["pattern", "flags"],
    open: (name, options) => {
      const flags = options.text("flags") ?? "";
      const pattern = options.text("pattern");
      return regexScorer(name, pattern === undefined ? undefined : compiled(pattern, flags), flags);
    },
  },
  number: {
    options: ["tolerance", "relative"],
    open: (name, options) =>
      numberScorer(name, {
        tolerance: options.atLeast("tolerance", 0) ?? 0,
        relative: options.atLeast("relative", 0) ?? 0,
      }),
  },
  json: {
    options: ["field", "fields"],
    open: (name, options) => {
      const field = options.text("field");
      return field === undefined ? jsonFieldsScorer(name, options.texts("fields")) : jsonFieldScorer(name, field);
    },
  },
  ranked: { options: ["k"], open: (name, options) => topScorer(name, options.atLeast("k", 1) ?? 1) },
  mrr: { options: [], open: reciprocalRankScorer },
};

/** Names that `scoring` accepts here, for completion and diagnostics. */
export const scorerNames: readonly string[] = Object.keys(kinds);

/**
 * The scorers an experiment asks for, the primary first. `others` opens kinds that need the world (a database, a model).
 * Throws a `UserError` that names the scorer and the option.
 */
export function openScorers(
  specs: readonly ScorerSpec[],
  others: (spec: ScorerSpec) => Scorer | undefined = () => undefined,
): readonly Scorer[] {
  const used = new Map<string, number>();
  return specs.map((spec) => {
    const kind = Object.hasOwn(kinds, spec.type) ? kinds[spec.type] : undefined;
    const scorer = kind === undefined ? others(spec) : openKind(kind, spec, used);
    if (scorer === undefined) throw unknownScorer(spec.type);
    return withRecorded(scorer);
  });
}

function openKind(kind: ScorerKind, spec: ScorerSpec, used: Map<string, number>): Scorer {
  const unknown = Object.keys(spec.options).find((option) => !kind.options.includes(option));
  if (unknown !== undefined) {
    const takes = kind.options.length === 0 ? "it takes no options" : `use ${kind.options.join(", ")}`;
    throw new UserError("scorer-option", `scorer ${spec.type} has no option "${unknown}"`, takes);
  }
  const told = describe(spec);
  const count = (used.get(told) ?? 0) + 1;
  used.set(told, count);
  return kind.open(count === 1 ? told : `${told} #${count}`, new Options(spec));
}

/** A name that tells two scorers of one kind apart: `top-3`, `json:city`. */
function describe({ type, options }: ScorerSpec): string {
  if (type === "ranked") return `top-${Number(options["k"] ?? 1)}`;
  if (type === "json" && typeof options["field"] === "string") return `json:${options["field"]}`;
  return type;
}

/** A line that travels with its score has been scored already. */
function withRecorded(scorer: Scorer): Scorer {
  return {
    name: scorer.name,
    score(input) {
      const known = input.parsed.recorded?.correct;
      return known === undefined ? scorer.score(input) : { value: known, detail: "as recorded" };
    },
  };
}

/** The options of one scorer, read with errors that name it. */
class Options {
  readonly #spec: ScorerSpec;

  constructor(spec: ScorerSpec) {
    this.#spec = spec;
  }

  text(name: string): string | undefined {
    const value = this.#spec.options[name];
    if (value === undefined || typeof value === "string") return value;
    throw this.#bad(name, "write a text");
  }

  texts(name: string): readonly string[] | undefined {
    const value = this.#spec.options[name];
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string")) return value;
    throw this.#bad(name, "write a list of names");
  }

  atLeast(name: string, least: number): number | undefined {
    const value = this.#spec.options[name];
    if (value === undefined) return undefined;
    if (typeof value === "number" && value >= least) return value;
    throw this.#bad(name, `write a number of at least ${least}`);
  }

  #bad(name: string, action: string): UserError {
    return new UserError("scorer-option", `scorer ${this.#spec.type}: ${name} has a value it cannot take`, action);
  }
}

function compiled(pattern: string, flags: string): RegExp {
  try {
    // Stateful flags would make every second score wrong.
    return new RegExp(pattern, flags.replace(/[gy]/g, ""));
  } catch (error) {
    throw new UserError("scorer-option", `scorer regex: ${messageOf(error)}`, "correct the pattern");
  }
}

function unknownScorer(type: string): UserError {
  const [closest] = didYouMean(type, scorerNames);
  const hint = closest === undefined ? "" : `did you mean ${closest}? `;
  return new UserError("unknown-scorer", `there is no scorer "${type}"`, `${hint}use one of ${scorerNames.join(", ")}`);
}

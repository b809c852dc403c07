import { didYouMean } from "../../../base/didYouMean.ts";
import { messageOf, UserError } from "../../../base/errors.ts";
import type { ScorerSpec } from "../../spec/experiment.ts";
import { jsonFieldScorer, jsonFieldsScorer } from "./jsonFields.ts";
import { numberScorer } from "./number.ts";
import { Options } from "./options.ts";
import { reciprocalRankScorer, topScorer } from "./ranked.ts";
import { type AnyScorer, isSlow, type Scorer, type SlowScorer } from "./scorer.ts";
import { similarityScorer } from "./similarity.ts";
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
  similarity: {
    options: ["measure", "threshold"],
    open: (name, options) =>
      similarityScorer(name, {
        measure: options.oneOf("measure", ["edit", "tokenF1"]) ?? "edit",
        threshold: options.atLeast("threshold", 0),
      }),
  },
};

/** Kinds that need the world; `scoring/` opens them. */
const slowKinds: readonly string[] = ["sql", "script", "judge"];

const scorerNames: readonly string[] = [...Object.keys(kinds), ...slowKinds];

/**
 * The scorers an experiment asks for, the primary first. `others` opens kinds that need the world (a database, a model).
 * Throws a `UserError` that names the scorer and the option.
 */
export function openScorers(
  specs: readonly ScorerSpec[],
  others: (type: string, options: Options, name: string) => SlowScorer,
): readonly AnyScorer[] {
  const names = scorerTitles(specs);
  return specs.map((spec, i) => {
    const name = names[i] ?? spec.type;
    const kind = Object.hasOwn(kinds, spec.type) ? kinds[spec.type] : undefined;
    if (kind !== undefined) return withRecorded(openKind(kind, spec, name));
    if (slowKinds.includes(spec.type)) return withRecorded(others(spec.type, new Options(spec), name));
    throw unknownScorer(spec.type);
  });
}

/** What the scorers are called in tables and in the store. */
export function scorerTitles(specs: readonly ScorerSpec[]): readonly string[] {
  const used = new Map<string, number>();
  return specs.map((spec) => {
    const told = describe(spec);
    const count = (used.get(told) ?? 0) + 1;
    used.set(told, count);
    return count === 1 ? told : `${told} #${count}`;
  });
}

function openKind(kind: ScorerKind, spec: ScorerSpec, name: string): Scorer {
  const unknown = Object.keys(spec.options).find((option) => !kind.options.includes(option));
  if (unknown !== undefined) {
    const takes = kind.options.length === 0 ? "it takes no options" : `use ${kind.options.join(", ")}`;
    throw new UserError("scorer-option", `scorer ${spec.type} has no option "${unknown}"`, takes);
  }
  return kind.open(name, new Options(spec));
}

/** A name that tells two scorers of one kind apart: `top-3`, `json:city`. */
function describe({ type, options }: ScorerSpec): string {
  if (type === "ranked") return `top-${Number(options["k"] ?? 1)}`;
  if (type === "json" && typeof options["field"] === "string") return `json:${options["field"]}`;
  if (type === "similarity") return options["measure"] === "tokenF1" ? "token-f1" : "edit-similarity";
  return type;
}

/** A line that travels with its score has been scored already. */
function withRecorded<S extends AnyScorer>(scorer: S): AnyScorer {
  if (isSlow(scorer)) {
    return {
      name: scorer.name,
      phase: scorer.phase,
      calm: (group) => scorer.calm?.(group),
      async judge(input, how) {
        const known = input.parsed.recorded?.correct;
        return known === undefined
          ? scorer.judge(input, how)
          : { kind: "scored", value: known, note: { kind: "scored", detail: "as recorded" } };
      },
    };
  }
  return {
    name: scorer.name,
    score(input) {
      const known = input.parsed.recorded?.correct;
      return known === undefined ? scorer.score(input) : { value: known, detail: "as recorded" };
    },
  };
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

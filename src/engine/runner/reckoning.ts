import { type BilledTokens, costOf } from "../plan/prices.ts";
import type { Scalar } from "../spec/experiment.ts";
import type { Spending, Wanted } from "./budget.ts";
import type { ExpectedTokens, RunModel } from "./record.ts";

/** A call that is about to leave. */
export interface Call {
  readonly model: RunModel;
  /** Calls of one kind have prompts and answers of one sort: a variant's, a judge's. */
  readonly kind: string;
  readonly expected: ExpectedTokens;
  readonly parameters: Readonly<Record<string, Scalar>>;
}

/** Estimates of prompts by an unknown tokenizer have been seen to be off by this factor. */
const unseenPromptRatio = 1.5;
/** Tokens an answer may take before any of its kind was seen and where nothing bounds it: models may think aloud. */
const unseenAnswer = 4_096;

/** The most of a series, with room above it that goes as more is seen. */
class Highest {
  #seen = 0;
  #value = 0;

  get value(): number {
    return this.#value;
  }

  see(value: number): void {
    this.#seen += 1;
    if (value > this.#value) this.#value = value;
  }

  /** `room` is the share of the highest that the first one leaves above itself; n of them leave an n-th of that. */
  above(room: number): number {
    return this.#value * (1 + room / this.#seen);
  }
}

/**
 * What calls will take, learned from those that came back: the highest ratio of reported to estimated prompt tokens and the longest
 * answer of each kind. `max_tokens` bounds an answer where it is set.
 */
export class Reckoning {
  readonly #prompts = new Map<string, Highest>();
  readonly #answers = new Map<string, Highest>();

  learn({ kind, expected }: Call, took: ExpectedTokens): void {
    if (expected.prompt > 0) highest(this.#prompts, kind).see(took.prompt / expected.prompt);
    highest(this.#answers, kind).see(took.completion);
  }

  wanted({ model, kind, expected, parameters }: Call): Wanted {
    const prompts = this.#prompts.get(kind);
    const answers = this.#answers.get(kind);
    const bound = answerBound(parameters) ?? Number.POSITIVE_INFINITY;
    const amount = (ratio: number, answer: number) =>
      spendingOf(model, {
        prompt: Math.ceil(expected.prompt * ratio),
        completion: Math.min(bound, Math.ceil(answer)),
      });
    return {
      most: amount(
        prompts?.above(0.25) ?? unseenPromptRatio,
        answers?.above(8) ?? Math.max(unseenAnswer, 4 * expected.completion),
      ),
      least: amount(prompts?.value ?? 1, answers?.value ?? expected.completion),
    };
  }
}

function spendingOf(model: RunModel, tokens: ExpectedTokens): Spending {
  return { calls: 1, tokens: tokens.prompt + tokens.completion, cost: costFor(model, tokens) };
}

/** US dollars as a budget counts them: prompts longer than a price holds for cost no less than at that price. */
export function costFor({ price }: RunModel, tokens: BilledTokens): number {
  if (price === undefined) return 0;
  const { upTo: _upTo, ...anyLength } = price;
  return costOf(anyLength, tokens) ?? 0;
}

/** The longest answer that a request allows, in tokens; undefined where it names none. */
export function answerBound(parameters: Readonly<Record<string, Scalar>>): number | undefined {
  const told = parameters["max_tokens"] ?? parameters["max_completion_tokens"] ?? parameters["num_predict"];
  return typeof told === "number" && told > 0 ? told : undefined;
}

function highest(series: Map<string, Highest>, kind: string): Highest {
  let own = series.get(kind);
  if (own === undefined) {
    own = new Highest();
    series.set(kind, own);
  }
  return own;
}

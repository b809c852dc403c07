import type { LimitsSpec } from "../spec/experiment.ts";

export interface Spending {
  readonly calls: number;
  readonly tokens: number;
  /** US dollars. */
  readonly cost: number;
}

/** Why a run stopped at a budget. */
export interface BudgetReached {
  readonly budget: "maxCalls" | "maxTokens" | "maxCost" | "maxDuration";
  readonly limit: number;
}

/**
 * Keeps a run within what its author allowed: every send reserves its estimate before it leaves and is corrected by what it
 * really took, so that no budget is passed by the calls in flight. An unknown price never counts as zero: callers ask
 * `needsPrices` first and refuse to start.
 */
export class Budget {
  readonly #limits: LimitsSpec;
  #spent: Spending = { calls: 0, tokens: 0, cost: 0 };
  #reserved: Spending = { calls: 0, tokens: 0, cost: 0 };
  #reached: BudgetReached | undefined;

  /** `spent` carries on from an interrupted run. */
  constructor(limits: LimitsSpec, spent: Spending = { calls: 0, tokens: 0, cost: 0 }) {
    this.#limits = limits;
    this.#spent = spent;
  }

  get needsPrices(): boolean {
    return this.#limits.maxCost !== undefined;
  }

  get spent(): Spending {
    return this.#spent;
  }

  /** Set once a reservation was refused. */
  get reached(): BudgetReached | undefined {
    return this.#reached;
  }

  /** Sets the amount aside, or says which budget it would pass. */
  reserve(amount: Spending): BudgetReached | undefined {
    const total = plus(plus(this.#spent, this.#reserved), amount);
    const { maxCalls, maxTokens, maxCost } = this.#limits;
    if (maxCalls !== undefined && total.calls > maxCalls) this.#reached ??= { budget: "maxCalls", limit: maxCalls };
    else if (maxTokens !== undefined && total.tokens > maxTokens)
      this.#reached ??= { budget: "maxTokens", limit: maxTokens };
    else if (maxCost !== undefined && total.cost > maxCost) this.#reached ??= { budget: "maxCost", limit: maxCost };
    else {
      this.#reserved = plus(this.#reserved, amount);
      return undefined;
    }
    return this.#reached;
  }

  /** Replaces a reservation by what it took. */
  settle(reserved: Spending, actual: Spending): void {
    this.#reserved = plus(this.#reserved, { calls: -reserved.calls, tokens: -reserved.tokens, cost: -reserved.cost });
    this.#spent = plus(this.#spent, actual);
  }

  /** Marks the wall-time budget as used up. */
  timeUp(): BudgetReached {
    this.#reached ??= { budget: "maxDuration", limit: this.#limits.maxDuration ?? 0 };
    return this.#reached;
  }
}

function plus(a: Spending, b: Spending): Spending {
  return { calls: a.calls + b.calls, tokens: a.tokens + b.tokens, cost: a.cost + b.cost };
}

export function describeBudget(reached: BudgetReached): string {
  switch (reached.budget) {
    case "maxCalls":
      return `the budget of ${reached.limit} calls is used up`;
    case "maxTokens":
      return `the budget of ${reached.limit} tokens is used up`;
    case "maxCost":
      return `the budget of $${reached.limit} is used up`;
    case "maxDuration":
      return `the time budget of ${Math.round(reached.limit / 1000)} s is used up`;
  }
}

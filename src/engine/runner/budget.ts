import type { LimitsSpec } from "../spec/experiment.ts";
import { type Call, Reckoning } from "./reckoning.ts";
import type { ExpectedTokens } from "./record.ts";

const nothing: Spending = { calls: 0, tokens: 0, cost: 0 };

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
  /** Not even the first call fits. */
  readonly untouched?: true;
}

/** What a call wants set aside. */
export interface Wanted {
  /** More than it is expected to take; set aside while it is on its way. */
  readonly most: Spending;
  /** What must be left where nothing else is on its way. */
  readonly least: Spending;
}

const oneCall: Wanted = { most: { ...nothing, calls: 1 }, least: { ...nothing, calls: 1 } };

/** How asking for a call's share of the budget went. */
export type Taken =
  | { readonly kind: "held"; readonly amount: Spending }
  | { readonly kind: "refused"; readonly reached: BudgetReached }
  /** The caller's signal ended the wait. */
  | { readonly kind: "withdrawn" };

interface Waiter {
  readonly call: Call;
  readonly resolve: (taken: Taken) => void;
}

/**
 * Keeps a run within what its author allowed: every send sets aside more than it should take before it leaves and is corrected by
 * what it really took. One that does not fit beside those under way waits for them, so that generous margins end no run early and
 * calls in flight pass no budget. An unknown price never counts as zero: callers ask `needsPrices` first and refuse to start.
 */
export class Budget {
  readonly #limits: LimitsSpec;
  #spent: Spending;
  #reserved = nothing;
  #reached: BudgetReached | undefined;
  #waiters: readonly Waiter[] = [];
  /** What calls of this run took so far; undefined where only calls are counted. */
  readonly #reckoning: Reckoning | undefined;

  /** `spent` carries on from an interrupted run. */
  constructor(limits: LimitsSpec, spent: Spending = nothing) {
    this.#limits = limits;
    this.#spent = spent;
    if (limits.maxCost !== undefined || limits.maxTokens !== undefined) this.#reckoning = new Reckoning();
  }

  get needsPrices(): boolean {
    return this.#limits.maxCost !== undefined;
  }

  get spent(): Spending {
    return this.#spent;
  }

  /** Sets the amount aside, now or when calls under way have left room for it, or says which budget it would pass. */
  take(call: Call, signal: AbortSignal): Taken | Promise<Taken> {
    if (this.#waiters.length === 0) {
      const taken = this.#tryTake(call);
      if (taken !== undefined) return taken;
    }
    return new Promise<Taken>((resolve) => {
      const waiter: Waiter = {
        call,
        resolve: (taken) => {
          signal.removeEventListener("abort", giveUp);
          resolve(taken);
        },
      };
      const giveUp = () => {
        this.#waiters = this.#waiters.filter((one) => one !== waiter);
        resolve({ kind: "withdrawn" });
      };
      if (signal.aborted) return resolve({ kind: "withdrawn" });
      signal.addEventListener("abort", giveUp, { once: true });
      this.#waiters = [...this.#waiters, waiter];
    });
  }

  /** Sets aside what somebody else is asking on this run's account, whether it fits or not. */
  hold(call: Call): Spending {
    const { most } = this.#wanted(call);
    this.#reserved = plus(this.#reserved, most);
    return most;
  }

  /** Tells what a call took, so that later ones are reckoned by it. */
  learn(call: Call, took: ExpectedTokens): void {
    this.#reckoning?.learn(call, took);
  }

  /** Replaces a reservation by what it took. */
  settle(reserved: Spending, actual: Spending): void {
    const left = plus(this.#reserved, { calls: -reserved.calls, tokens: -reserved.tokens, cost: -reserved.cost });
    // Sums of prices leave crumbs.
    this.#reserved = left.calls === 0 ? nothing : left;
    this.#spent = plus(this.#spent, actual);
    for (;;) {
      const [first] = this.#waiters;
      const taken = first && this.#tryTake(first.call);
      if (taken === undefined) return;
      this.#waiters = this.#waiters.slice(1);
      first?.resolve(taken);
    }
  }

  /** Marks the wall-time budget as used up. */
  timeUp(): BudgetReached {
    this.#reached ??= { budget: "maxDuration", limit: this.#limits.maxDuration ?? 0 };
    return this.#reached;
  }

  /** Undefined while it may yet fit, when what is under way has come back. */
  #tryTake(call: Call): Taken | undefined {
    const { most, least } = this.#wanted(call);
    const over = this.#passed(most);
    if (over === undefined) {
      this.#reserved = plus(this.#reserved, most);
      return { kind: "held", amount: most };
    }
    // A call is a call, on its way or not.
    if (this.#reserved.calls > 0 && over.budget !== "maxCalls") return undefined;
    const reached = over.budget === "maxCalls" ? over : this.#passed(least);
    if (reached === undefined) {
      this.#reserved = plus(this.#reserved, most);
      return { kind: "held", amount: most };
    }
    this.#reached ??= this.#spent.calls === 0 && this.#reserved.calls === 0 ? { ...reached, untouched: true } : reached;
    return { kind: "refused", reached: this.#reached };
  }

  #wanted(call: Call): Wanted {
    return this.#reckoning?.wanted(call) ?? oneCall;
  }

  /** The budget that the amount would pass beside what is spent and set aside. */
  #passed(amount: Spending): BudgetReached | undefined {
    const total = plus(plus(this.#spent, this.#reserved), amount);
    const { maxCalls, maxTokens, maxCost } = this.#limits;
    if (maxCalls !== undefined && total.calls > maxCalls) return { budget: "maxCalls", limit: maxCalls };
    if (maxTokens !== undefined && total.tokens > maxTokens) return { budget: "maxTokens", limit: maxTokens };
    if (maxCost !== undefined && total.cost > maxCost) return { budget: "maxCost", limit: maxCost };
    return undefined;
  }
}

function plus(a: Spending, b: Spending): Spending {
  return { calls: a.calls + b.calls, tokens: a.tokens + b.tokens, cost: a.cost + b.cost };
}

export function describeBudget(reached: BudgetReached): string {
  const { limit } = reached;
  if (reached.untouched)
    return `one call may take more than the budget of ${reached.budget === "maxCost" ? `$${limit}` : `${limit} tokens`}`;
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

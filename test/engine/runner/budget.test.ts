import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { answered, scriptedProvider } from "../../../src/engine/provider/scripted.ts";
import { Budget, describeBudget, type Taken } from "../../../src/engine/runner/budget.ts";
import type { Call } from "../../../src/engine/runner/reckoning.ts";
import type { LimitsSpec } from "../../../src/engine/spec/experiment.ts";
import { labelOf, openLab, rowOf, runLab, type TestLab } from "../../support/engine.ts";

const labs: TestLab[] = [];
afterEach(async () => {
  for (const opened of labs.splice(0)) await opened.close();
});

const never = new AbortController().signal;
const provider = scriptedProvider({ script: () => "" });
const priced = { prompt: 1, completion: 2 };

function call(more: Partial<Call> = {}): Call {
  const model = { id: "scripted:a", name: "a", provider, facts: provider.facts("a"), price: priced };
  return { model, kind: "one", expected: { prompt: 1_000, completion: 5 }, parameters: {}, ...more };
}

function budget(limits: Partial<LimitsSpec>): Budget {
  return new Budget(limits as LimitsSpec);
}

function dollars({ prompt, completion }: { readonly prompt: number; readonly completion: number }): number {
  return (prompt * priced.prompt + completion * priced.completion) / 1e6;
}

describe("a budget of money", () => {
  it("sets aside what an answer may take before one was seen", () => {
    const taken = budget({ maxCost: 1 }).take(call(), never) as Taken;
    expect(taken).toMatchObject({ kind: "held", amount: { calls: 1, tokens: 1_500 + 4_096 } });
  });

  it("sets no more aside than max_tokens lets an answer take", () => {
    const taken = budget({ maxCost: 1 }).take(call({ parameters: { max_tokens: 20 } }), never) as Taken;
    expect(taken).toMatchObject({ kind: "held", amount: { tokens: 1_520 } });
  });

  it("learns what calls take, each kind apart, and leaves less room the more it saw", () => {
    const one = budget({ maxCost: 1 });
    const tokens = (kind: string) => (one.take(call({ kind }), never) as Taken & { kind: "held" }).amount.tokens;
    one.learn(call(), { prompt: 1_200, completion: 10 });
    expect(tokens("one")).toBe(1_500 + 90);
    for (let i = 0; i < 99; i++) one.learn(call(), { prompt: 1_100, completion: 3 });
    expect(tokens("one")).toBe(1_203 + 11);
    expect(tokens("another")).toBe(1_500 + 4_096);
  });

  it("lets a call that does not fit beside others wait for them, in turn", async () => {
    const one = budget({ maxCost: 0.012 });
    const first = one.take(call(), never) as Taken & { kind: "held" };
    const told: string[] = [];
    const second = Promise.resolve(one.take(call(), never)).then(({ kind }) => told.push(`second ${kind}`));
    const third = Promise.resolve(one.take(call(), never)).then(({ kind }) => told.push(`third ${kind}`));
    await Promise.resolve();
    expect(told).toEqual([]);
    const took = { prompt: 1_100, completion: 5 };
    one.learn(call(), took);
    one.settle(first.amount, { calls: 1, tokens: 1_105, cost: dollars(took) });
    await Promise.all([second, third]);
    expect(told).toEqual(["second held", "third held"]);
  });

  it("asks the last call when nothing else is on its way and it fits as calls went so far", () => {
    const one = budget({ maxCost: 0.0012 });
    expect((one.take(call(), never) as Taken).kind).toBe("held");
    const small = budget({ maxCost: 0.0009 });
    const refused = small.take(call(), never) as Taken & { kind: "refused" };
    expect(refused).toMatchObject({ kind: "refused", reached: { budget: "maxCost" } });
    expect(describeBudget(refused.reached)).toBe("one call may take more than the budget of $0.0009");
  });

  it("lets go of a call whose caller does not want to wait any longer", async () => {
    const one = budget({ maxCost: 0.0012 });
    one.take(call(), never);
    const caller = new AbortController();
    const waiting = one.take(call(), caller.signal);
    caller.abort();
    expect(await waiting).toEqual({ kind: "withdrawn" });
  });

  it("counts what another process asks on its account", async () => {
    const one = budget({ maxCost: 0.0024 });
    const held = one.hold(call({ parameters: { max_tokens: 10 } }));
    const waiting = one.take(call({ parameters: { max_tokens: 10 } }), never);
    expect(waiting).toBeInstanceOf(Promise);
    one.settle(held, { calls: 1, tokens: 2_000, cost: 0.002 });
    expect(await waiting).toMatchObject({ kind: "refused", reached: { budget: "maxCost" } });
    expect(one.spent).toEqual({ calls: 1, tokens: 2_000, cost: 0.002 });
  });

  it("refuses a call too many at once, with others on their way", () => {
    const one = budget({ maxCalls: 1 });
    one.take(call(), never);
    expect(one.take(call(), never)).toMatchObject({ kind: "refused", reached: { budget: "maxCalls", limit: 1 } });
  });

  it("is passed by no calls whose tokens stay within what was seen, however many are on their way", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ prompt: fc.integer({ min: 800, max: 1_400 }), completion: fc.integer({ min: 1, max: 9 }) }),
          {
            minLength: 60,
            maxLength: 120,
          },
        ),
        fc.integer({ min: 1, max: 40 }),
        async (calls, most) => {
          const maxCost = 0.04;
          const one = budget({ maxCost });
          // The worst of all has been seen.
          one.learn(call(), { prompt: 1_400, completion: 9 });
          const left = [...calls];
          let done = false;
          const worker = async () => {
            for (let next = left.pop(); next !== undefined && !done; next = left.pop()) {
              const taken = await one.take(call(), never);
              if (taken.kind !== "held") {
                done = true;
                return;
              }
              await Promise.resolve();
              one.learn(call(), next);
              one.settle(taken.amount, { calls: 1, tokens: next.prompt + next.completion, cost: dollars(next) });
            }
          };
          await Promise.all(Array.from({ length: most }, worker));
          expect(one.spent.cost).toBeLessThanOrEqual(maxCost);
          // It is used up to less than one call, where there were enough of them.
          if (done) expect(one.spent.cost).toBeGreaterThan(maxCost - dollars({ prompt: 1_400, completion: 9 }));
        },
      ),
      { numRuns: 40 },
    );
  });

  it("stops a run before it passes the amount, though its model counts and talks more than estimated", async () => {
    const opened = await openLab({ rows: 400, more: "sampling: { mode: full }\n" });
    labs.push(opened);
    const engine = await opened.open(async (request, options, asked) => {
      await new Promise((resolve) => setTimeout(resolve, asked % 3));
      const characters = request.messages.reduce((sum, { content }) => sum + content.length, 0);
      const promptTokens = Math.round(characters / 3 + (asked % 7));
      return answered(labelOf(rowOf(options.trial?.example)), {
        usage: { promptTokens, completionTokens: 10 + (asked % 20), cachedTokens: undefined },
      });
    });
    const maxCost = 0.01;
    const prices = { "scripted:a": { prompt: 1, completion: 2 } };
    const { summary } = await runLab(engine, opened, { maxCost, prices, concurrency: 32 });
    const cost = summary.variants.reduce((sum, variant) => sum + (variant.cost ?? 0), 0);
    expect(summary.stopped).toMatchObject({ kind: "budget", reason: "the budget of $0.01 is used up" });
    expect(cost).toBeLessThanOrEqual(maxCost);
    expect(cost).toBeGreaterThan(0.97 * maxCost);
  });
});

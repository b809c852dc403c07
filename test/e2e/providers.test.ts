import { describe, expect, it } from "vitest";
import type { Faults, SimulatorOptions } from "../../src/engine/simulator/options.ts";
import { startSimulator } from "../../src/engine/simulator/simulator.ts";
import { answer, environment, finalTable, spec, summaryOf, ticketFolder } from "./support.ts";

const rows = 12;
const trials = rows * 5;

/** One run of the command line against a simulator with these dials; what came out on both sides. */
async function against(
  options: SimulatorOptions,
  run: { readonly models?: readonly string[]; readonly more?: string; readonly flags?: readonly string[] } = {},
) {
  const simulator = await startSimulator({ models: "*", answer, ...options });
  const folder = await ticketFolder({
    rows,
    models: run.models ?? ["openai:small"],
    more: run.more ?? "limits: { preset: aggressive, timeout: 10s }\n",
  });
  try {
    const ended = await folder.run(["run", spec, "--json", ...(run.flags ?? ["-j", "8"])], environment(simulator.url));
    const summary = summaryOf(ended);
    const failed = JSON.parse((await folder.run(["requests", "failed", "--json"])).stdout).requests as {
      readonly errorClass: string;
      readonly errorMessage: string;
    }[];
    return { ...ended, summary, failed, server: simulator.stats() };
  } finally {
    await folder.close();
    await simulator.close();
  }
}

/** A row counts for every variant or for none, nothing is counted twice, and the exit code says what the verdict says. */
function expectHonest({ summary, code }: Awaited<ReturnType<typeof against>>): void {
  const counted = new Set(summary.variants.map((variant) => variant.trials));
  expect(counted.size).toBe(1);
  for (const variant of summary.variants) {
    expect(variant.trials).toBeLessThanOrEqual(rows);
    expect(variant.correct).toBeLessThanOrEqual(variant.trials);
  }
  expect(code).toBe(summary.status === "finished" && summary.verdict.kind !== "undecided" ? 0 : 3);
}

describe.concurrent("over the SDKs", () => {
  it("asks through openai and ollama alike: same prompts, same answers, same table", async () => {
    const openai = await against({}, { models: ["openai:small"] });
    const ollama = await against({}, { models: ["ollama:small"] });
    expect(openai.summary.requests).toEqual({ sent: trials, succeeded: trials, failed: 0, retried: 0, cached: 0 });
    const plain = (table: ReturnType<typeof finalTable>) =>
      table.variants.map(({ trials: count, correct, interval }) => ({ count, correct, interval }));
    expect(plain(finalTable(ollama.summary))).toEqual(plain(finalTable(openai.summary)));
    expect(openai.server.answered).toBe(trials);
    expect(ollama.server.answered).toBe(trials);
    expect(openai.summary.variants.every((variant) => (variant.latency?.p50 ?? 0) > 0)).toBe(true);
  });

  it("keeps within the limits it is told, and is never refused", async () => {
    const result = await against(
      { limits: [{ requests: 30, windowMs: 1000 }] },
      { more: 'limits: { pools: [{ models: ["*"], requestsPerMinute: 1800, window: 1s, kind: fixed }] }\n' },
    );
    expectHonest(result);
    expect(result.server.refused).toBe(0);
    expect(result.summary.requests).toMatchObject({ sent: trials, retried: 0 });
  });

  it("uses no more requests at once than it is told", async () => {
    const { server } = await against({ latency: { first: { kind: "fixed", ms: 20 } } }, { flags: ["-j", "3"] });
    expect(server.maxInFlight).toBe(3);
  });
});

describe.concurrent("trouble at the server", () => {
  const survives: readonly (readonly [string, Faults])[] = [
    ["refusals with Retry-After", { rateLimited: 0.15, retryAfterSeconds: 1 }],
    ["bursts of 500", { serverError: 0.15 }],
    ["503", { unavailable: 0.15 }],
    ["connections cut in the middle", { cut: 0.15 }],
    ["malformed JSON", { malformedJson: 0.15 }],
    ["JSON of another shape", { wrongSchema: 0.15 }],
    ["HTML pages", { wrongContentType: 0.15 }],
    ["empty bodies", { empty: 0.15 }],
    ["answers of ten megabytes", { huge: 0.05 }],
  ];
  it.each(survives)(
    "survives %s",
    async (_what, faults) => {
      for (const model of ["openai:small", "ollama:small"]) {
        const result = await against({ faults }, { models: [model] });
        expectHonest(result);
        const { summary, server, failed } = result;
        const hit = Object.values(server.faults).reduce((sum, count) => sum + count, 0);
        expect(hit).toBeGreaterThan(0);
        expect(summary.status).toBe("finished");
        // Whatever went wrong for good is in the table with its reason.
        expect(failed).toHaveLength(summary.requests.failed);
        for (const row of failed) expect(row.errorMessage).not.toBe("");
        expect(summary.requests.succeeded + summary.requests.failed).toBe(trials);
        expect(summary.variants[0]?.trials).toBeGreaterThan(rows / 2);
      }
    },
    90_000,
  );

  it("gives up what hangs after its timeout, and counts it as wrong", async () => {
    const result = await against(
      { faults: { hang: 0.1 } },
      { more: "limits: { preset: aggressive, timeout: 2s, retries: 0 }\n" },
    );
    expectHonest(result);
    const hung = result.server.faults["hang"] ?? 0;
    expect(hung).toBeGreaterThan(0);
    expect(result.summary.variants.reduce((sum, variant) => sum + variant.failed, 0)).toBe(hung);
    expect(result.summary.variants.every((variant) => variant.trials === rows)).toBe(true);
  }, 60_000);

  it("counts answers that cannot be read, and repeats none of them", async () => {
    const result = await against({ faults: { badAnswer: 0.3 } });
    expectHonest(result);
    const bad = result.server.faults["badAnswer"] ?? 0;
    expect(result.summary.variants.reduce((sum, variant) => sum + variant.unparsable, 0)).toBe(bad);
    expect(result.summary.requests.sent).toBe(trials);
  });

  it("lets the other model finish when one is dead", async () => {
    const result = await against(
      { deadModels: [{ model: "dead", how: "unavailable" }] },
      { models: ["openai:dead", "openai:small"] },
    );
    expect(result.code).toBe(3);
    const trialsOf = (model: string) =>
      result.summary.variants.filter((variant) => variant.model === model).map((variant) => variant.trials);
    expect(trialsOf("openai:small")).toEqual(Array(5).fill(rows));
    expect(trialsOf("openai:dead")).toEqual(Array(5).fill(0));
  }, 60_000);

  it("ends with what it has when the server goes down for good", async () => {
    const result = await against({ faults: { serverError: 1 } });
    expect(result.code).toBe(3);
    expect(result.summary.verdict.kind).toBe("undecided");
    expect(result.summary.variants.every((variant) => variant.trials === 0)).toBe(true);
  }, 60_000);

  it("says what to do about a wrong key and an unknown model, exit 2", async ({ onTestFinished }) => {
    const simulator = await startSimulator({ answer, apiKey: "another" });
    onTestFinished(simulator.close);
    const folder = await ticketFolder({ rows, models: ["openai:small"] });
    onTestFinished(folder.close);
    const wrongKey = await folder.run(["run", spec], environment(simulator.url));
    expect(wrongKey).toMatchObject({ code: 2, stdout: "" });
    expect(wrongKey.stderr).toMatch(/^tickets\.layout\.yaml:3:10: openai:small: 401 .*: check the key\n$/);
    const env = { ...environment(simulator.url), OPENAI_API_KEY: "another" };
    const noModel = await folder.run(["run", spec], env);
    expect(noModel.stderr).toMatch(
      /^tickets\.layout\.yaml:3:10: openai:small: 404 .*small.*: check the model's name\n$/,
    );
    const noPull = await folder.run(["run", spec, "--models", "ollama:small"], env);
    expect(noPull).toMatchObject({ code: 2 });
    expect(noPull.stderr).toMatch(/^ollama:small: model 'small' not found: get it with ollama pull small\n$/);
    expect((await folder.run(["runs"])).stdout).toBe("no runs yet\n");
  }, 60_000);
});

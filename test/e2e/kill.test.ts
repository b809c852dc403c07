import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import type { RunSummary } from "../../src/engine/runner/events.ts";
import type { Simulator } from "../../src/engine/simulator/options.ts";
import { startSimulator } from "../../src/engine/simulator/simulator.ts";
import { mostLost } from "../support/process.ts";
import { answer, environment, finalTable, spec, summaryOf, ticketFolder } from "./support.ts";

const rows = 400;
const requests = rows * 5;
const inFlight = 16;
const kills = 20;

const flags = ["-j", String(inFlight), "--quiet", "--json"];

describe(`a run of ${requests} requests`, () => {
  let undisturbed: RunSummary;
  const simulate = () => startSimulator({ models: "*", answer, latency: { first: { kind: "fixed", ms: 8 } } });

  async function requestsAt(simulator: Simulator, count: number): Promise<void> {
    while (simulator.stats().requests < count) await sleep(5);
  }

  beforeAll(async () => {
    const simulator = await simulate();
    const folder = await ticketFolder({ rows, models: ["openai:small"] });
    undisturbed = summaryOf(await folder.run(["run", spec, ...flags], environment(simulator.url)));
    expect(simulator.stats().requests).toBe(requests);
    await simulator.close();
    await folder.close();
  }, 60_000);

  afterAll(() => {
    expect(undisturbed.status).toBe("finished");
  });

  const random = seededRandom("kill instants", 1);
  // One instant in each twentieth of the run, so that the start and the end have theirs whatever else the machine does.
  const instants = Array.from({ length: kills }, (_, i) => (i + random()) / kills);

  it.concurrent.for(instants.map((share, i) => [i + 1, share] as const))(
    "gives the same table after kill -9 number %i, and sends nothing finished again",
    { timeout: 120_000 },
    async ([_number, share], { onTestFinished }) => {
      const simulator = await simulate();
      onTestFinished(simulator.close);
      const folder = await ticketFolder({ rows, models: ["openai:small"] });
      onTestFinished(folder.close);
      const env = environment(simulator.url);
      const running = folder.start(["run", spec, ...flags], env);
      await requestsAt(simulator, Math.ceil(share * requests));
      await sleep(random() * 20);
      running.child.kill("SIGKILL");
      const killed = await running.ended;
      if (killed.signal === "SIGKILL") {
        const stats = JSON.parse((await folder.run(["requests", "stats", "--json"])).stdout) as {
          readonly byStatus: Readonly<Record<string, number>>;
        };
        const finished = stats.byStatus["completed"] ?? 0;
        const sentBefore = simulator.stats().requests;
        // What was answered and not stored was on its way when the process died.
        expect(sentBefore - finished).toBeLessThanOrEqual(mostLost(inFlight));
        const resumed = summaryOf(await folder.run(["run", "--resume", ...flags], env));
        expect(finalTable(resumed)).toEqual(finalTable(undisturbed));
        expect(resumed.status).toBe("finished");
        expect(simulator.stats().requests - sentBefore).toBe(requests - finished);
        const twice = Object.values(simulator.stats().answeredBodies).filter((count) => count > 1);
        expect(twice.length).toBeLessThanOrEqual(mostLost(inFlight));
      } else {
        // It was done before its turn to die came.
        expect(finalTable(summaryOf(killed))).toEqual(finalTable(undisturbed));
      }
    },
  );
});

import { describe, expect, it } from "vitest";
import { mostLost } from "../../support/process.ts";
import { shareTable } from "../../support/twoProcesses.ts";

const requests = 3_000;
const inFlight = 16;

/** How often the server was asked each prompt. */
const asked = (bodies: Readonly<Record<string, number>>) => Object.values(bodies);

describe(`a run and a worker with ${requests} requests on one table`, () => {
  it("send every request exactly once", { timeout: 60_000 }, async () => {
    const { summary, stats, worked } = await shareTable(requests, { kill: false, inFlight });
    expect(summary.status).toBe("finished");
    expect(worked).toBeGreaterThan(0);
    expect(asked(stats.bodies)).toHaveLength(requests);
    expect(Math.max(...asked(stats.bodies))).toBe(1);
    expect(summary.variants.map(({ trials, accuracy }) => [trials, accuracy])).toEqual([
      [requests / 2, 1],
      [requests / 2, 1],
    ]);
    expect(summary.requests).toMatchObject({ sent: requests, succeeded: requests, failed: 0 });
  });

  it("lose nothing when the worker is killed: only what it held is sent again", { timeout: 60_000 }, async () => {
    const { summary, stats } = await shareTable(requests, { kill: true, inFlight });
    expect(summary.status).toBe("finished");
    expect(asked(stats.bodies)).toHaveLength(requests);
    const twice = asked(stats.bodies).filter((count) => count > 1);
    expect(twice.length).toBeLessThanOrEqual(mostLost(inFlight));
    expect(Math.max(...asked(stats.bodies))).toBeLessThanOrEqual(2);
    expect(summary.variants.map(({ trials, accuracy }) => [trials, accuracy])).toEqual([
      [requests / 2, 1],
      [requests / 2, 1],
    ]);
  });
});

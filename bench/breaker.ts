/**
 * What a dead model costs the two that run beside it: three models in one run, one of them at a server that refuses, says 503 or
 * hangs, against the two alone. First the queue in virtual time, then whole runs over real HTTP. `node bench/breaker.ts [rows]` (400
 * rows a model). Exits with 1 when a goal is missed.
 */
import { systemClock } from "../src/base/clock.ts";
import type { QueueOptions } from "../src/engine/queue/smartQueue.ts";
import type { DeadModel } from "../src/engine/simulator/options.ts";
import type { ServerOptions } from "../test/engine/queue/simulatedServer.ts";
import { openWorld } from "../test/engine/queue/world.ts";
import { openSimulatedLab } from "../test/support/simulatedLab.ts";
import { figure, heading, verdict } from "./engine/figures.ts";

const goal = { atMost: 1.05 };
const living = ["a", "b"];
const rows = Number(process.argv[2] ?? 400);
const timeoutMs = 5_000;

/** Milliseconds until the living models are done, in virtual time. */
async function queued(beside: boolean, server: Partial<ServerOptions>, queue: Partial<QueueOptions>): Promise<number> {
  const world = openWorld({ latencyMs: 800, dead: ["cloud:c"], ...server }, queue);
  // The dead one stands first, as the worst place for the others.
  if (beside) world.add("cloud:c", 1_000);
  await world.finish(living.flatMap((model) => world.add(`cloud:${model}`, 1_000)));
  const took = world.clock.monotonic();
  world.queue.dispose();
  return took;
}

async function inVirtualTime(): Promise<void> {
  heading("The queue, 3 x 1,000 requests in virtual time: the other two beside a dead one / alone");
  const windowMs = 60_000;
  const limit = { kind: "sliding", requests: 300, windowMs } as const;
  const cases: readonly (readonly [string, Partial<ServerOptions>, Partial<QueueOptions>])[] = [
    ["32 at once, shared", {}, { pools: [{ models: ["*"], concurrency: 32 }] }],
    ["limits learned", {}, {}],
    ["300 a minute, shared", { limit }, { pools: [{ models: ["*"], concurrency: 64, ...limit }] }],
  ];
  for (const [what, server, queue] of cases)
    figure(what, (await queued(true, server, queue)) / (await queued(false, server, queue)), goal);
}

/** Milliseconds until the last trial of the living models is stored, in a run over HTTP. */
async function ran(dead: DeadModel["how"] | undefined): Promise<number> {
  const lab = await openSimulatedLab(
    {
      rows,
      layouts: ["standard"],
      models: ["openai:c", "openai:a", "openai:b"],
      more: `sampling: { mode: full }\ncache: { mode: "off" }\nlimits: { timeout: ${timeoutMs}ms }\n`,
    },
    {
      latency: { first: { kind: "fixed", ms: 150 } },
      ...(dead === undefined ? {} : { deadModels: [{ model: "c", how: dead }] }),
    },
    systemClock,
  );
  try {
    const engine = await lab.openEngine();
    const models = dead === undefined ? ["openai:a", "openai:b"] : ["openai:c", "openai:a", "openai:b"];
    const began = systemClock.monotonic();
    const { run } = await engine.start({ file: lab.file, options: { models, concurrency: 16 } });
    const ended = engine.finished(run);
    while (!(await livingAreDone(engine, run))) await new Promise((resolve) => setTimeout(resolve, 10));
    const took = systemClock.monotonic() - began;
    // What is left of the dead model waits for its circuit; nobody needs to see that.
    await engine.stop({ run, now: true }).catch(() => {});
    await ended;
    return took;
  } finally {
    await lab.close();
  }
}

async function livingAreDone(
  engine: Awaited<ReturnType<Awaited<ReturnType<typeof openSimulatedLab>>["openEngine"]>>,
  run: string,
): Promise<boolean> {
  const { summary } = await engine.run({ run });
  const done = summary.variants.filter(({ model }) => model !== "openai:c").map(({ trials }) => trials);
  return done.length === living.length && done.every((trials) => trials === rows);
}

await inVirtualTime();
heading(`Whole runs over HTTP, 3 x ${rows} requests of 150 ms, 16 at once: the other two beside a dead one / alone`);
// In turns, so that a machine that is busy for a while is so for all; the least of a few rounds is what the work takes.
const hows = [undefined, "refuse", "unavailable", "hang"] as const;
const least = new Map<(typeof hows)[number], number>();
for (let round = 0; round < 3; round++)
  for (const how of hows) least.set(how, Math.min(least.get(how) ?? Number.POSITIVE_INFINITY, await ran(how)));
const tookMs = (how: (typeof hows)[number]) => least.get(how) ?? Number.NaN;
const seconds = (how: (typeof hows)[number]) => `${(tookMs(how) / 1000).toFixed(2)} s`;
process.stdout.write(`  alone ${seconds(undefined)}\n`);
for (const how of ["refuse", "unavailable"] as const)
  figure(`${how} (${seconds(how)})`, tookMs(how) / tookMs(undefined), goal);
// Who hangs holds the slots it was given until its requests time out: once all of them, and few of them once more, those that are
// given out before five failures are known.
figure(`hang (${seconds("hang")}): lost beside it`, (tookMs("hang") - tookMs(undefined)) / timeoutMs, {
  atMost: 2,
  unit: `timeouts of ${timeoutMs / 1000} s`,
});
process.exitCode = verdict();

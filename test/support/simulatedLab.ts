import { type Clock, systemClock } from "../../src/base/clock.ts";
import { type Engine, openEngine } from "../../src/engine/engine.ts";
import type { EngineDeps } from "../../src/engine/service/deps.ts";
import type { Answer, Simulator, SimulatorOptions } from "../../src/engine/simulator/options.ts";
import { startSimulator } from "../../src/engine/simulator/simulator.ts";
import { type LabOptions, labelOf, openLab, type TestLab } from "./engine.ts";

/** Time that passes so many times as fast as the machine's: waits that protect a provider take a test moments. */
export function fastClock(factor: number): Clock {
  const wall = systemClock.now();
  const start = systemClock.monotonic();
  return {
    now: () => Math.round(wall + (systemClock.monotonic() - start) * factor),
    monotonic: () => (systemClock.monotonic() - start) * factor,
    after: (ms, callback) => systemClock.after(ms / factor, callback),
  };
}

/** The lab of `engine.ts` in front of a real server: the openai SDK, HTTP, and whatever faults are dialled. */
export interface SimulatedLab extends TestLab {
  readonly clock: Clock;
  simulator: Simulator;
  /** Starts the server anew, at the same address. */
  restart(options: SimulatorOptions): Promise<void>;
  openEngine(more?: Partial<Pick<EngineDeps, "tools" | "clock" | "env">>): Promise<Engine>;
}

/** The row's right label, read from the prompt. */
export const rightLabel: Answer = (messages) => labelOf(rowIn(messages.at(-1)?.content ?? ""));

export function rowIn(text: string): number {
  return Number(/item number (\d+)/.exec(text)?.[1]);
}

export async function openSimulatedLab(
  lab: LabOptions,
  simulated: SimulatorOptions = {},
  clock: Clock = fastClock(50),
): Promise<SimulatedLab> {
  const defaults: SimulatorOptions = { answer: rightLabel, models: "*", clock };
  const opened = await openLab({ models: ["openai:a"], ...lab });
  const engines: Engine[] = [];
  const self: SimulatedLab = {
    ...opened,
    clock,
    simulator: await startSimulator({ ...defaults, ...simulated }),
    async restart(options) {
      const { port } = self.simulator;
      await self.simulator.close();
      self.simulator = await startSimulator({ ...defaults, ...options, port });
    },
    async openEngine(more = {}) {
      const engine = await openEngine({
        store: opened.store,
        env: { OPENAI_BASE_URL: `${self.simulator.url}/v1`, OPENAI_API_KEY: "none" },
        clock,
        host: { key: async () => undefined },
        version: "test",
        roots: undefined,
        ...more,
      });
      engines.push(engine);
      return engine;
    },
    async close() {
      await Promise.all(engines.map((engine) => engine.close()));
      await self.simulator.close();
      await opened.close();
    },
  };
  return self;
}

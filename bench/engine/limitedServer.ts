/** The simulator in a process of its own, with limits, and what it counted: its word on when requests came and which it refused. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { SimulatorOptions, SimulatorStats } from "../../src/engine/simulator/options.ts";
import { startSimulator } from "../../src/engine/simulator/simulator.ts";

export interface LimitedServer {
  /** For OPENAI_BASE_URL. */
  readonly baseUrl: string;
  stats(): Promise<SimulatorStats>;
  close(): void;
}

export async function startLimited(
  options: Omit<SimulatorOptions, "answer" | "tokens" | "clock">,
): Promise<LimitedServer> {
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(options)], {
    env: { ...process.env, BENCH_LIMITED: "1" },
  });
  const url = await new Promise<string>((resolve) => child.once("message", (value) => resolve(String(value))));
  return {
    baseUrl: `${url}/v1`,
    stats: async () => (await (await fetch(`${url}/simulator/stats`)).json()) as SimulatorStats,
    close: () => child.kill(),
  };
}

if (process.env["BENCH_LIMITED"] === "1") {
  const options = JSON.parse(process.argv[2] ?? "{}") as SimulatorOptions;
  const { url } = await startSimulator({ ...options, models: "*", answer: () => "card_arrival" });
  process.on("disconnect", () => process.exit());
  process.send?.(url);
}

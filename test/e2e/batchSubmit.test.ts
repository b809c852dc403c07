import { expect, it, onTestFinished } from "vitest";
import type { RunSummary } from "../../src/engine/runner/events.ts";
import { startSimulator } from "../../src/engine/simulator/simulator.ts";
import { openProcessFolder } from "../support/process.ts";
import { answer, environment, finalTable, spec, startServing, summaryOf, ticketFolder } from "./support.ts";

it("gives the table of a run of its own, by way of a batch server and three processes", async () => {
  const simulator = await startSimulator({ models: "*", answer });
  onTestFinished(simulator.close);
  const there = await openProcessFolder();
  onTestFinished(there.close);
  const serving = await startServing(there, environment(simulator.url));
  const here = await ticketFolder({ rows: 12, models: ["openai:small"] });
  onTestFinished(here.close);
  const env = { OPENAI_BASE_URL: `${serving.url}/v1` };
  const submitted = await here.run(["batch", "submit", spec, "--json", "--quiet"], env);
  expect(submitted).toMatchObject({ code: 0 });
  const { id, run, requests } = JSON.parse(submitted.stdout) as { id: string; run: string; requests: number };
  expect(requests).toBe(60);
  const state = async () => {
    const { stdout } = await here.run(["batch", "status", id, "--json"], env);
    return (JSON.parse(stdout) as { submissions: { state: string }[] }).submissions[0]?.state;
  };
  while ((await state()) !== "ready");
  const fetched = await here.run(["batch", "fetch", id.slice(0, -2), "--json"], env);
  const [report] = (
    JSON.parse(fetched.stdout) as { fetched: { summary: RunSummary; answered: number; failed: number }[] }
  ).fetched;
  expect(report).toMatchObject({ answered: 60, failed: 0, summary: { run, status: "finished" } });
  expect(simulator.stats().answered).toBe(60);
  // The same experiment, asked directly.
  const direct = summaryOf(
    await here.run(["run", spec, "--json", "--quiet", "--no-cache"], environment(simulator.url)),
  );
  expect(finalTable(report!.summary)).toEqual(finalTable(direct));
  serving.child.kill("SIGINT");
  expect((await serving.ended).code).toBe(0);
}, 60_000);

import { expect, it } from "vitest";
import type { RunSummary } from "../../src/engine/runner/events.ts";
import { startSimulator } from "../../src/engine/simulator/simulator.ts";
import { openProcessFolder } from "../support/process.ts";
import { answer, environment, finalTable, spec, summaryOf, ticketFolder } from "./support.ts";

it("gives the table of a run of its own, by way of a batch server and three processes", async () => {
  const simulator = await startSimulator({ models: "*", answer });
  const there = await openProcessFolder();
  const serving = there.start(["serve", "--json", "--model", "openai:small"], environment(simulator.url));
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    serving.child.stdout?.on("data", (text: string) => {
      said += text;
      if (said.endsWith("\n")) resolve((JSON.parse(said) as { url: string }).url);
    });
    void serving.ended.then(({ stderr }) => reject(new Error(stderr)));
  });
  const here = await ticketFolder({ rows: 12, models: ["openai:small"] });
  const env = { OPENAI_BASE_URL: `${url}/v1` };
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
  await serving.ended;
  await here.close();
  await there.close();
  await simulator.close();
}, 60_000);

import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { startSimulator } from "../../src/engine/simulator/simulator.ts";
import { mostLost, openProcessFolder } from "../support/process.ts";
import { environment } from "./support.ts";

const rows = 300;

it("answers a table through two kill -9 and an interrupt: every row once", async () => {
  const simulator = await startSimulator({
    models: "*",
    answer: (messages) => `about ${messages.at(-1)?.content}`,
    latency: { first: { kind: "fixed", ms: 10 } },
  });
  onTestFinished(simulator.close);
  const folder = await openProcessFolder();
  onTestFinished(folder.close);
  const env = environment(simulator.url);
  const text = Array.from({ length: rows }, (_, i) => `t${i},"ticket ""${i}"",\nwaits"`).join("\n");
  await folder.write("tickets.csv", `id,text\n${text}\n,\n`);
  await folder.write("template.txt", "{{id}}: {{text}}");
  const convert = ["batch", "convert", "tickets.csv", "--template", "template.txt", "--model", "small", "--id", "id"];
  const converted = await folder.run([...convert, "-o", "in.jsonl"], env);
  expect(converted).toMatchObject({ code: 0, stdout: expect.stringContaining(`${rows} requests written`) });
  expect(converted.stderr).toBe(`tickets.csv:${2 + 2 * rows}:1: row ${rows + 1} is empty\n`);
  expect((await folder.run([...convert, "-o", "strict.jsonl", "--strict"], env)).code).toBe(2);

  const run = [
    "batch",
    "run",
    "in.jsonl",
    "-o",
    "out.jsonl",
    "--model",
    "openai:small",
    "-j",
    "8",
    "--json",
    "--quiet",
  ];
  for (const [share, signal, code] of [
    [0.2, "SIGKILL", null],
    [0.5, "SIGINT", 130],
    [0.8, "SIGKILL", null],
  ] as const) {
    const running = folder.start(run, env);
    while (simulator.stats().requests < share * rows) await sleep(5);
    running.child.kill(signal);
    expect((await running.ended).code).toBe(code);
  }
  const last = await folder.run(run, env);
  expect(last.code).toBe(0);
  const report = JSON.parse(last.stdout) as { known: number };
  expect(report).toMatchObject({ status: "finished", requests: rows, completed: rows, failed: 0 });
  expect(report.known).toBeGreaterThan(0.7 * rows);
  // An interrupt loses nothing; a kill loses what was on its way.
  expect(simulator.stats().requests - rows).toBeLessThanOrEqual(2 * mostLost(8));
  const answers = (await readFile(path.join(folder.folder, "out.jsonl"), "utf8")).trimEnd().split("\n");
  const byId = new Map(
    answers.map((line) => {
      const { custom_id, response } = JSON.parse(line) as {
        custom_id: string;
        response: { body: { choices: { message: { content: string } }[] } };
      };
      return [custom_id, response.body.choices[0]?.message.content];
    }),
  );
  expect(answers).toHaveLength(rows);
  for (let i = 0; i < rows; i++) expect(byId.get(`t${i}`)).toBe(`about t${i}: ticket "${i}",\nwaits`);
}, 60_000);

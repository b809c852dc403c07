import { setTimeout as sleep } from "node:timers/promises";
import OpenAI, { toFile } from "openai";
import { expect, it, onTestFinished } from "vitest";
import { startSimulator } from "../../src/engine/simulator/simulator.ts";
import { mostLost, openProcessFolder } from "../support/process.ts";
import { environment, startServing } from "./support.ts";

const requests = 400;
const inFlight = 8;

/** Kill -9 at several instants of one batch: it completes, nothing is lost and nothing stands twice. */
it("finishes a batch through several kill -9 of the server", async () => {
  const simulator = await startSimulator({
    models: "*",
    answer: (messages) => `about ${messages.at(-1)?.content}`,
    latency: { first: { kind: "fixed", ms: 10 } },
  });
  onTestFinished(simulator.close);
  const folder = await openProcessFolder();
  onTestFinished(folder.close);
  const serve = () => startServing(folder, environment(simulator.url), "-j", String(inFlight));
  const clientOf = (address: string) => new OpenAI({ apiKey: "any", baseURL: `${address}/v1`, maxRetries: 0 });
  let running = await serve();
  let client = clientOf(running.url);
  const lines = Array.from({ length: requests }, (_, i) =>
    JSON.stringify({
      custom_id: `row-${i}`,
      method: "POST",
      url: "/v1/chat/completions",
      body: { model: "small", messages: [{ role: "user", content: `ticket ${i}` }] },
    }),
  );
  const file = await client.files.create({
    file: await toFile(Buffer.from(lines.join("\n")), "in.jsonl"),
    purpose: "batch",
  });
  const { id } = await client.batches.create({
    input_file_id: file.id,
    endpoint: "/v1/chat/completions",
    completion_window: "24h",
  });
  for (const share of [0.1, 0.35, 0.6, 0.9]) {
    while (simulator.stats().requests < share * requests) await sleep(5);
    running.child.kill("SIGKILL");
    await running.ended;
    running = await serve();
    client = clientOf(running.url);
  }
  let batch = await client.batches.retrieve(id);
  while (batch.status !== "completed") {
    await sleep(20);
    batch = await client.batches.retrieve(id);
  }
  expect(batch.request_counts).toEqual({ total: requests, completed: requests, failed: 0 });
  const text = await (await client.files.content(String(batch.output_file_id))).text();
  const answers = text
    .trimEnd()
    .split("\n")
    .map((one) => JSON.parse(one) as { custom_id: string; response: { body: OpenAI.ChatCompletion } });
  expect(answers).toHaveLength(requests);
  expect(new Set(answers.map((one) => one.custom_id)).size).toBe(requests);
  for (const { custom_id, response } of answers)
    expect(response.body.choices[0]?.message.content).toBe(`about ticket ${custom_id.slice(4)}`);
  // Only what was on its way when the server died was asked twice.
  expect(simulator.stats().requests - requests).toBeLessThanOrEqual(4 * mostLost(inFlight));
  running.child.kill("SIGINT");
  expect((await running.ended).code).toBe(0);
}, 120_000);

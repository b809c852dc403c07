import OpenAI from "openai";
import { expect, it } from "vitest";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { fastClock } from "../../support/simulatedLab.ts";
import { batchOf, echo, ended, line, linesIn, serveLab, upload } from "./lab.ts";

it("answers a batch as OpenAI's documentation goes about it", async () => {
  const { client } = await serveLab();
  const file = await upload(client, [
    line("request-1", "Hello world!"),
    line("request-2", "Bye", { max_tokens: 1000, temperature: 0 }),
  ]);
  const created = await batchOf(client, file.id, { metadata: { description: "nightly eval job" } });
  expect(created).toMatchObject({
    object: "batch",
    endpoint: "/v1/chat/completions",
    status: "validating",
    input_file_id: file.id,
    completion_window: "24h",
    errors: null,
    output_file_id: null,
    metadata: { description: "nightly eval job" },
  });
  expect(created.expires_at! - created.created_at).toBe(86_400);
  const batch = await ended(client, created.id);
  expect(batch).toMatchObject({
    status: "completed",
    model: "gpt-4o-mini",
    request_counts: { total: 2, completed: 2, failed: 0 },
    error_file_id: null,
    usage: { input_tokens: 20, output_tokens: 4, total_tokens: 24 },
  });
  for (const at of ["in_progress_at", "finalizing_at", "completed_at"] as const) expect(batch[at]).toBeGreaterThan(0);
  const answers = await linesIn(client, batch.output_file_id);
  const byId = new Map(answers.map((answer) => [answer.custom_id, answer]));
  expect(byId.get("request-1")).toMatchObject({
    error: null,
    response: {
      status_code: 200,
      body: {
        object: "chat.completion",
        model: "gpt-4o-mini",
        choices: [{ index: 0, message: { role: "assistant", content: "said Hello world!" }, finish_reason: "stop" }],
        usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 },
      },
    },
  });
  expect(new Set(answers.map(({ id }) => id)).size).toBe(2);
});

it("fails a batch whose file is wrong, and says in which lines", async () => {
  const { client } = await serveLab();
  const { method: _, ...noMethod } = line("c");
  const file = await upload(client, [
    line("a"),
    "{broken",
    "[1]",
    line("a", "again"),
    noMethod,
    { ...line("d"), method: "GET" },
    { ...line("e"), url: "/v1/embeddings" },
    { ...line("f"), body: "text" },
    { ...line("g"), body: { messages: [] } },
    { ...line("h"), custom_id: 7 },
  ]);
  const batch = await ended(client, (await batchOf(client, file.id)).id);
  expect(batch.status).toBe("failed");
  expect(batch.failed_at).toBeGreaterThan(0);
  expect(batch.errors?.data?.map(({ code, line: at }) => [at, code])).toEqual([
    [2, "invalid_json_line"],
    [3, "invalid_json_line"],
    [4, "duplicate_custom_id"],
    [5, "missing_required_parameter"],
    [6, "invalid_method"],
    [7, "url_mismatch"],
    [8, "invalid_type"],
    [9, "missing_required_parameter"],
    [10, "invalid_type"],
  ]);
  expect(batch.output_file_id).toBeNull();
});

it("fails an empty file and one with too many requests", async () => {
  const { client } = await serveLab(echo, { maxRequests: 3 });
  const codeOf = async (lines: readonly object[]) => {
    const file = await upload(client, lines.length === 0 ? ["\n\n"] : lines);
    const batch = await ended(client, (await batchOf(client, file.id)).id);
    return [batch.status, batch.errors?.data?.[0]?.code];
  };
  expect(await codeOf([])).toEqual(["failed", "empty_file"]);
  expect(await codeOf(["a", "b", "c", "d"].map((id) => line(id)))).toEqual(["failed", "too_many_tasks"]);
  expect((await codeOf(["a", "b", "c"].map((id) => line(id))))[0]).toBe("completed");
});

it("refuses at once what can never be a batch", async () => {
  const { client } = await serveLab();
  const file = await upload(client, [line("a")]);
  await expect(batchOf(client, "file-000000000000000000000000")).rejects.toThrow(OpenAI.NotFoundError);
  await expect(batchOf(client, file.id, { endpoint: "/v1/embeddings" })).rejects.toThrow(/endpoint|supports/);
  const week = { completion_window: "7d" } as unknown;
  await expect(batchOf(client, file.id, week as OpenAI.BatchCreateParams)).rejects.toThrow(/24h/);
  const metadata = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, "v"]));
  await expect(batchOf(client, file.id, { metadata })).rejects.toThrow(/at most 16/);
  await expect(client.batches.retrieve("batch_none")).rejects.toThrow(/No batch found/);
});

it("puts refused requests into the error file, with their answers' status", async () => {
  const { client } = await serveLab((request, options, call) => {
    const said = request.messages[0]?.content;
    if (said === "long") return { kind: "tooLong", message: "too long", limitTokens: 10 };
    if (said === "down") return { kind: "rejected", reason: "badRequest", status: 422, message: "not like this" };
    return echo(request, options, call);
  });
  const file = await upload(client, [
    line("a"),
    line("b", "long"),
    line("c", "down"),
    line("d", "x", { messages: [] }),
  ]);
  const batch = await ended(client, (await batchOf(client, file.id)).id);
  expect(batch).toMatchObject({ status: "completed", request_counts: { total: 4, completed: 1, failed: 3 } });
  const failures = await linesIn(client, batch.error_file_id);
  const told = failures.map(({ custom_id, response, error }) => [
    custom_id,
    response?.status_code,
    response?.body.error?.code,
    error,
  ]);
  expect(told.sort()).toEqual([
    ["b", 400, "context_length_exceeded", null],
    ["c", 400, null, null],
    ["d", 400, "empty_array", null],
  ]);
});

it("lists batches in pages, newest first, to their end", async () => {
  const { client } = await serveLab();
  const file = await upload(client, [line("a")]);
  const ids: string[] = [];
  for (let i = 0; i < 7; i++) ids.push((await batchOf(client, file.id)).id);
  const found: string[] = [];
  for await (const batch of client.batches.list({ limit: 3 })) found.push(batch.id);
  expect(found).toEqual(ids.toReversed());
  const page = await client.batches.list({ limit: 3, after: ids[3]! });
  expect(page.data.map(({ id }) => id)).toEqual([ids[2], ids[1], ids[0]]);
  expect(page.hasNextPage()).toBe(false);
});

it("cancels: what was answered is kept, the rest is told as cancelled", async () => {
  let answered = 0;
  const { client } = await serveLab(
    async (request, options, call) => {
      if (answered >= 3) {
        await new Promise<void>((resolve) => options.signal.addEventListener("abort", () => resolve()));
        return { kind: "cancelled" };
      }
      answered += 1;
      return echo(request, options, call);
    },
    { concurrency: 1 },
  );
  const file = await upload(
    client,
    Array.from({ length: 10 }, (_, i) => line(`r${i}`)),
  );
  const { id } = await batchOf(client, file.id);
  while ((await client.batches.retrieve(id)).request_counts?.completed !== 3)
    await new Promise((r) => setTimeout(r, 5));
  const cancelling = await client.batches.cancel(id);
  expect(cancelling.status).toBe("cancelling");
  expect(cancelling.cancelling_at).toBeGreaterThan(0);
  const batch = await ended(client, id);
  expect(batch).toMatchObject({ status: "cancelled", request_counts: { total: 10, completed: 3, failed: 7 } });
  expect((await linesIn(client, batch.output_file_id)).map((one) => one.custom_id)).toEqual(["r0", "r1", "r2"]);
  const rest = await linesIn(client, batch.error_file_id);
  expect(rest).toHaveLength(7);
  expect(rest[0]).toMatchObject({ response: null, error: { code: "batch_cancelled" } });
  await expect(client.batches.cancel(id)).rejects.toThrow(/Cannot cancel/);
});

it("goes on where a closed server stopped, and sends nothing finished again", async () => {
  const asked: string[] = [];
  const first = await serveLab(
    async (request, options, call) => {
      const said = String(request.messages[0]?.content);
      if (asked.length >= 4) {
        await new Promise<void>((resolve) => options.signal.addEventListener("abort", () => resolve()));
        return { kind: "cancelled" };
      }
      asked.push(said);
      return echo(request, options, call);
    },
    { concurrency: 2 },
  );
  const file = await upload(
    first.client,
    Array.from({ length: 20 }, (_, i) => line(`r${i}`)),
  );
  const { id } = await batchOf(first.client, file.id);
  while ((await first.client.batches.retrieve(id)).request_counts?.completed !== 4)
    await new Promise((r) => setTimeout(r, 5));
  await first.server.close();
  const second = await serveLab(
    (request, options, call) => {
      asked.push(String(request.messages[0]?.content));
      return echo(request, options, call);
    },
    { folder: first.folder },
  );
  const batch = await ended(second.client, id);
  expect(batch).toMatchObject({ status: "completed", request_counts: { total: 20, completed: 20, failed: 0 } });
  expect(asked.toSorted()).toEqual(Array.from({ length: 20 }, (_, i) => `r${i}`).sort());
  const answers = await linesIn(second.client, batch.output_file_id);
  expect(new Set(answers.map((one) => one.custom_id)).size).toBe(20);
  expect(answers).toHaveLength(20);
  // A finished batch stays as it is when the server starts again.
  await second.server.close();
  const third = await serveLab(echo, { folder: first.folder });
  expect(await third.client.batches.retrieve(id)).toEqual(batch);
});

it("expires: what was answered in a day is kept, the rest is told as expired", async () => {
  const late: (() => void)[] = [];
  const clock: Clock = {
    ...systemClock,
    after: (ms, callback) => {
      if (ms < 7_200_000) return systemClock.after(ms, callback);
      late.push(callback);
      return () => {};
    },
  };
  let answered = 0;
  const { client } = await serveLab(
    async (request, options, call) => {
      if (answered >= 2) {
        await new Promise<void>((resolve) => options.signal.addEventListener("abort", () => resolve()));
        return { kind: "cancelled" };
      }
      answered += 1;
      return echo(request, options, call);
    },
    { concurrency: 1, clock },
  );
  const file = await upload(
    client,
    Array.from({ length: 6 }, (_, i) => line(`r${i}`)),
  );
  const { id } = await batchOf(client, file.id);
  while ((await client.batches.retrieve(id)).request_counts?.completed !== 2)
    await new Promise((r) => setTimeout(r, 5));
  for (const day of late) day();
  const batch = await ended(client, id);
  expect(batch).toMatchObject({ status: "expired", request_counts: { total: 6, completed: 2, failed: 4 } });
  expect(batch.expired_at).toBeGreaterThan(0);
  expect(await linesIn(client, batch.output_file_id)).toHaveLength(2);
  const rest = await linesIn(client, batch.error_file_id);
  expect(rest.map(({ error }) => error?.code)).toEqual(Array(4).fill("batch_expired"));
});

it("waits while the provider is down, and goes on when it is back", async () => {
  let down = true;
  let refused = 0;
  const { client, warnings } = await serveLab(
    (request, options, call) => {
      if (!down) return echo(request, options, call);
      refused += 1;
      return {
        kind: "unavailable",
        reason: "connection",
        status: undefined,
        message: "nothing listens there",
        retryAfterMs: undefined,
        body: undefined,
      };
    },
    { clock: fastClock(1000) },
  );
  const file = await upload(
    client,
    Array.from({ length: 30 }, (_, i) => line(`r${i}`)),
  );
  const { id } = await batchOf(client, file.id);
  while (!warnings.some((text) => text.includes("cannot be reached"))) await new Promise((r) => setTimeout(r, 10));
  expect(refused).toBeGreaterThan(0);
  down = false;
  const batch = await ended(client, id);
  expect(batch).toMatchObject({
    status: "completed",
    request_counts: { total: 30, failed: batch.request_counts?.failed },
  });
  // Those that failed before the provider was known to be down are told as failed; nothing is lost.
  const told = [...(await linesIn(client, batch.output_file_id)), ...(await linesIn(client, batch.error_file_id))];
  expect(new Set(told.map((one) => one.custom_id)).size).toBe(30);
  expect(told).toHaveLength(30);
});

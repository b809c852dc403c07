import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { LineLog, linesOf } from "../../../src/base/node/lines.ts";
import { readBatchAnswer } from "../../../src/engine/batch/lines.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "layoutlab-lines-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(file: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { text } of linesOf(file)) found.push(text);
  return found;
}

it("gives back every line that was written, whatever is in it", async () => {
  const file = path.join(folder, "any.jsonl");
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: "binary" })), async (texts) => {
      const lines = texts.map((text) => JSON.stringify(`${text}\u2028\u0085`));
      await writeFile(file, lines.map((line) => `${line}\n`).join(""));
      expect(await read(file)).toEqual(lines);
    }),
    { numRuns: 50 },
  );
});

it("reads lines longer than a piece of the file, a byte-order mark, and both line ends", async () => {
  const file = path.join(folder, "long.jsonl");
  const long = "ä".repeat(400_000);
  await writeFile(file, `\ufefffirst\r\n${long}\n\nlast`);
  expect(await read(file)).toEqual(["first", long, "", "last"]);
});

it("cuts off a half-written last line and goes on behind the last whole one", async () => {
  const file = path.join(folder, "log.jsonl");
  const log = await LineLog.open(file, () => {});
  await Promise.all(["one", "two", "drei ü"].map((line) => log.add(line)));
  await log.close();
  await appendFile(file, '{"half');
  const seen: string[] = [];
  const again = await LineLog.open(file, (line) => seen.push(line));
  expect(seen).toEqual(["one", "two", "drei ü"]);
  await again.add("four");
  await again.close();
  expect(await readFile(file, "utf8")).toBe("one\ntwo\ndrei ü\nfour\n");
  expect(again.bytes).toBe(Buffer.byteLength("one\ntwo\ndrei ü\nfour\n"));
});

it("reads answers and failures as OpenAI writes them", () => {
  const ok = readBatchAnswer(
    '{"id":"batch_req_1","custom_id":"a","response":{"status_code":200,"request_id":"r","body":{"choices":[]}},"error":null}',
  );
  expect(ok).toMatchObject({ customId: "a", status: 200, error: undefined });
  const refused = readBatchAnswer(
    '{"id":"b","custom_id":"b","response":{"status_code":400,"body":{"error":{"message":"no","type":"invalid_request_error","code":null}}},"error":null}',
  );
  expect(refused?.error).toEqual({ code: "invalid_request_error", message: "no" });
  const expired = readBatchAnswer(
    '{"id":"c","custom_id":"c","response":null,"error":{"code":"batch_expired","message":"late"}}',
  );
  expect(expired).toMatchObject({ status: undefined, error: { code: "batch_expired", message: "late" } });
  expect(readBatchAnswer("{broken")).toBeUndefined();
  expect(readBatchAnswer("[]")).toBeUndefined();
});

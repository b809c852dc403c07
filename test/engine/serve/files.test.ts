import { mkdir, readdir, rm } from "node:fs/promises";
import { request } from "node:http";
import path from "node:path";
import OpenAI, { toFile } from "openai";
import { expect, it, vi } from "vitest";
import { batchOf, echo, ended, line, linesIn, serveLab, upload } from "./lab.ts";

it("takes an upload and gives it back byte for byte", async () => {
  const { client } = await serveLab();
  const file = await upload(client, [line("a", "süß \u2028 \u0000 😀"), line("b")]);
  expect(file).toMatchObject({ object: "file", purpose: "batch", filename: "input.jsonl", status: "processed" });
  expect(file.id).toMatch(/^file-/);
  expect(file.expires_at! - file.created_at).toBe(30 * 86_400);
  const text = await (await client.files.content(file.id)).text();
  expect(text).toBe([line("a", "süß \u2028 \u0000 😀"), line("b")].map((one) => JSON.stringify(one)).join("\n"));
  expect(Buffer.byteLength(text)).toBe(file.bytes);
  expect(await client.files.retrieve(file.id)).toEqual(file);
});

it("lists in pages, by purpose, either way round", async () => {
  const { client } = await serveLab();
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.push((await upload(client, [line(`${i}`)])).id);
  const note = await client.files.create({ file: await toFile(Buffer.from("x"), "note.txt"), purpose: "user_data" });
  const seen = async (query: OpenAI.FileListParams) => {
    const found: string[] = [];
    for await (const file of client.files.list(query)) found.push(file.id);
    return found;
  };
  expect(await seen({ limit: 2, purpose: "batch" })).toEqual(ids.toReversed());
  expect(await seen({ limit: 2, purpose: "batch", order: "asc" })).toEqual(ids);
  expect(await seen({})).toEqual([note.id, ...ids.toReversed()]);
  await expect(seen({ after: "file-none" })).rejects.toThrow(OpenAI.BadRequestError);
  await expect(seen({ limit: 0 })).rejects.toThrow(/limit/);
});

it("deletes what nobody uses, and not the input of a batch that goes on", async () => {
  const held = new Promise<void>(() => {});
  const { client } = await serveLab(async (request, options) => {
    const left = new Promise<void>((resolve) => options.signal.addEventListener("abort", () => resolve()));
    await Promise.race([held, left]);
    return options.signal.aborted ? { kind: "cancelled" } : echo(request, options, 0);
  });
  const used = await upload(client, [line("a")]);
  const other = await upload(client, [line("a")]);
  const batch = await batchOf(client, used.id);
  await expect(client.files.delete(used.id)).rejects.toMatchObject({ status: 400, code: "file_in_use" });
  expect(await client.files.delete(other.id)).toEqual({ id: other.id, object: "file", deleted: true });
  await expect(client.files.retrieve(other.id)).rejects.toThrow(OpenAI.NotFoundError);
  await expect(client.files.content(other.id)).rejects.toThrow(/No such File object/);
  await client.batches.cancel(batch.id);
  await ended(client, batch.id);
  expect((await client.files.delete(used.id)).deleted).toBe(true);
});

it("refuses what is too large, of a wrong kind, or broken, and keeps nothing of it", async () => {
  const { client, server, folder } = await serveLab(echo, { maxUploadBytes: 1000 });
  const create = async (bytes: number, name = "a.jsonl", purpose: OpenAI.FilePurpose = "batch") =>
    client.files.create({ file: await toFile(Buffer.alloc(bytes, "x"), name), purpose });
  expect((await create(1000)).bytes).toBe(1000);
  await expect(create(1001)).rejects.toMatchObject({ status: 413 });
  await expect(create(5_000_000)).rejects.toMatchObject({ status: 413 });
  await expect(create(10, "a.csv")).rejects.toThrow(/Must be \.jsonl/);
  await expect(create(10, "a.jsonl", "other" as OpenAI.FilePurpose)).rejects.toThrow(/'other' is not one of/);
  const post = (body: BodyInit, headers: Record<string, string> = {}) =>
    fetch(`${server.url}/v1/files`, { method: "POST", body, headers });
  const form = new FormData();
  form.set("purpose", "batch");
  expect((await post(form)).status).toBe(400);
  expect((await post("{}", { "content-type": "application/json" })).status).toBe(400);
  const cut = `--b\r\ncontent-disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\nhalf`;
  expect((await post(cut, { "content-type": "multipart/form-data; boundary=b" })).status).toBe(400);
  expect((await post(cut, { "content-type": "multipart/form-data" })).status).toBe(400);
  const traversal = new FormData();
  traversal.set("file", new File(["x"], "../../evil.jsonl"));
  traversal.set("purpose", "batch");
  const kept = (await (await post(traversal)).json()) as { filename: string };
  expect(kept.filename).toBe("evil.jsonl");
  const names = await readdir(path.join(folder, "store.db-files"));
  expect(names.filter((name) => !/^(file-[0-9a-f]{24}|server\.lock)$/.test(name))).toEqual([]);
  expect(names).toHaveLength(3);
});

/** The body of a form up to the end of its file's first bytes. */
const half = (bytes: number) =>
  `--b\r\ncontent-disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n${"x".repeat(bytes)}`;

it.each([10, 5_000_000])("answers an upload of %i bytes that the disk refuses, and tells why", async (bytes) => {
  const { server, folder, warnings } = await serveLab();
  const files = path.join(folder, "store.db-files");
  await rm(files, { recursive: true });
  const sent = await fetch(`${server.url}/v1/files`, {
    method: "POST",
    body: `${half(bytes)}\r\n--b--\r\n`,
    headers: { "content-type": "multipart/form-data; boundary=b" },
  });
  expect(sent.status).toBe(500);
  expect(warnings.join()).toMatch(/ENOENT/);
  await mkdir(files);
});

it("breaks off a file that is gone from the disk, and tells why", async () => {
  const { client, folder, warnings } = await serveLab();
  const file = await upload(client, [line("a")]);
  await rm(path.join(folder, "store.db-files", file.id));
  await expect(client.files.content(file.id).then((content) => content.text())).rejects.toThrow();
  await vi.waitFor(() => expect(warnings.join()).toMatch(/ENOENT/));
});

it("says nothing of a client that leaves in the middle of a file", async () => {
  const { client, server, warnings } = await serveLab();
  const file = await upload(client, [line("a", "x".repeat(20_000_000))]);
  const leaving = new AbortController();
  const content = await fetch(`${server.url}/v1/files/${file.id}/content`, { signal: leaving.signal });
  await content.body?.getReader().read();
  leaving.abort();
  // The server is done with it once it answers the next.
  await client.files.retrieve(file.id);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(warnings).toEqual([]);
});

it("keeps nothing of an upload whose client goes away", async () => {
  const { server, folder, warnings } = await serveLab();
  const names = () => readdir(path.join(folder, "store.db-files"));
  const headers = { "content-type": "multipart/form-data; boundary=b", "content-length": "9000000" };
  const sending = request(`${server.url}/v1/files`, { method: "POST", headers });
  sending.on("error", () => undefined);
  sending.write(half(3_000_000));
  await vi.waitFor(async () => expect((await names()).length).toBe(2));
  sending.destroy();
  await vi.waitFor(async () => expect(await names()).toEqual(["server.lock"]));
  expect(warnings).toEqual([]);
});

it("shows answers and errors as files of their own", async () => {
  const { client } = await serveLab();
  const file = await upload(client, [line("a"), line("b", "b", { n: 3 })]);
  const batch = await ended(client, (await batchOf(client, file.id)).id);
  const kinds: string[] = [];
  for await (const one of client.files.list({ purpose: "batch_output" })) kinds.push(one.filename);
  expect(kinds.sort()).toEqual([`${batch.id}_error.jsonl`, `${batch.id}_output.jsonl`]);
  expect(await linesIn(client, batch.output_file_id)).toHaveLength(1);
});

import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { requestLine } from "../../src/engine/batch/lines.ts";
import { answered } from "../../src/engine/provider/scripted.ts";
import { type CliFolder, colours, openCliFolder } from "../support/cli.ts";

async function folderWith(requests: readonly string[], model = "scripted:a"): Promise<CliFolder> {
  const folder = await openCliFolder();
  onTestFinished(() => folder.close());
  const lines = requests.map((content, i) => requestLine(`r${i}`, { model, messages: [{ role: "user", content }] }));
  await folder.write("in.jsonl", `${lines.join("\n")}\n`);
  return folder;
}

const said = (request: { readonly messages: readonly { readonly content: string }[] }) =>
  request.messages.at(-1)?.content ?? "";

it("answers a file, keeps failures apart, and asks again for them only when told", async () => {
  const folder = await folderWith(["a", "bad", "c"]);
  let broken = true;
  const asked: string[] = [];
  folder.script((request) => {
    asked.push(said(request));
    if (broken && said(request) === "bad") return { kind: "tooLong", message: "does not fit", limitTokens: 5 };
    return answered(`said ${said(request)}`, { usage: { promptTokens: 5, completionTokens: 1, cachedTokens: 0 } });
  });
  const first = await folder.run("batch", "run", "in.jsonl", "-o", "out.jsonl", "--quiet");
  expect(first).toMatchObject({ code: 3, stderr: "" });
  expect(first.stdout).toContain("2 of 3 requests answered, 1 failed");
  expect(first.stdout).toContain("failures: out.errors.jsonl");
  expect(await folder.files()).toEqual(["in.jsonl", "out.errors.jsonl", "out.jsonl"]);
  broken = false;
  expect((await folder.run("batch", "run", "in.jsonl", "-o", "out.jsonl", "--quiet")).code).toBe(3);
  expect(asked).toHaveLength(3);
  const again = await folder.run("batch", "run", "in.jsonl", "-o", "out.jsonl", "--retry-errors", "--json", "--quiet");
  expect(again.code).toBe(0);
  expect(JSON.parse(again.stdout)).toMatchObject({ completed: 3, failed: 0, known: 2, cost: 0 });
  expect(asked).toEqual(["a", "bad", "c", "bad"]);
  expect(await folder.files()).toEqual(["in.jsonl", "out.jsonl"]);
  expect(await folder.run("batch", "fetch")).toEqual({
    code: 3,
    stdout: "",
    stderr: "nothing is left to fetch: layoutlab batch submit sends an experiment or a file\n",
  });
  expect(await folder.run("batch", "cancel")).toEqual({
    code: 2,
    stdout: "",
    stderr: "no batch is out: there is nothing to cancel\n",
  });
  const analysis = await folder.run("batch", "analyze", "out.jsonl", "--rows", "100", "--json");
  expect(JSON.parse(analysis.stdout)).toMatchObject({
    answers: 3,
    failed: 0,
    tokens: { prompt: 15, completion: 3 },
    projection: { rows: 100, tokens: { value: 600, interval: [600, 600] } },
    // As the run said: who answered takes no money.
    cost: 0,
  });
  await folder.write("table.csv", "id,text\n1,a\n");
  const table = await folder.run("batch", "analyze", "table.csv");
  expect(table).toMatchObject({ code: 2, stdout: "" });
  expect(table.stderr).toMatch(/^table\.csv holds no results of a batch: /);
});

it("sends nothing of a file that is wrong, and says where", async () => {
  const folder = await folderWith(["a"]);
  await folder.write(
    "bad.jsonl",
    `${requestLine("a", { model: "scripted:a", messages: [] })}\n{"custom_id": "b"}\n{\n`,
  );
  const bad = await folder.run("batch", "run", "bad.jsonl", "-o", "out.jsonl");
  expect(bad.code).toBe(2);
  expect(bad.stderr).toBe(
    "bad.jsonl:2:1: Missing required parameter: 'method' (and 1 more): correct the file; nothing was sent\n",
  );
  const bare = await folderWith(["a"], "gpt-4.1-mini");
  const unknown = await bare.run("batch", "run", "in.jsonl", "-o", "out.jsonl");
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toMatch(
    /^in\.jsonl:1:1: the model "gpt-4\.1-mini" names no provider: add --model provider:model/,
  );
  expect(folder.asked).toEqual([]);
  expect(await folder.files()).toEqual(["bad.jsonl", "in.jsonl"]);
});

it("names no file of answers where none was written", async () => {
  const folder = await folderWith(["a"]);
  folder.script(() => ({ kind: "rejected", reason: "notFound", status: 404, message: "there is no model a" }));
  const ended = await folder.run("batch", "run", "in.jsonl", "-o", "out.jsonl", "--quiet");
  expect(ended.code).toBe(2);
  expect(ended.stdout).toContain("stopped: scripted:a: there is no model a");
  expect(ended.stdout).not.toContain("out.jsonl");
  expect(await folder.files()).toEqual(["in.jsonl"]);
});

it("does not mix the answers of other requests into a file", async () => {
  const folder = await folderWith(["a", "b"]);
  folder.script((request) => said(request));
  await folder.run("batch", "run", "in.jsonl", "-o", "out.jsonl", "--quiet");
  await folder.write(
    "in.jsonl",
    `${requestLine("r0", { model: "scripted:a", messages: [{ role: "user", content: "new" }] })}\n`,
  );
  const other = await folder.run("batch", "run", "in.jsonl", "-o", "out.jsonl");
  expect(other.code).toBe(2);
  expect(other.stderr).toMatch(/out\.jsonl answers other requests/);
});

it("stops at once where every request would fail the same way", async () => {
  const folder = await folderWith(Array.from({ length: 50 }, (_, i) => `${i}`));
  let calls = 0;
  folder.script(() => {
    calls += 1;
    return { kind: "rejected", reason: "auth", status: 401, message: "wrong key: check the key" };
  });
  const ended = await folder.run("batch", "run", "in.jsonl", "-o", "out.jsonl", "-j", "2", "--quiet");
  expect(ended.code).toBe(2);
  expect(ended.stdout).toContain("stopped: scripted:a: wrong key: check the key");
  expect(calls).toBeLessThanOrEqual(4);
  folder.script((request) => said(request));
  expect((await folder.run("batch", "run", "in.jsonl", "-o", "out.jsonl", "--quiet")).code).toBe(0);
});

it("converts with an experiment, as a run of it would ask", async () => {
  const folder = await openCliFolder();
  onTestFinished(() => folder.close());
  const { data, spec } = colours({ rows: 4 });
  await folder.write("data.csv", data);
  await folder.write("colours.layout.yaml", spec);
  const converted = await folder.run(
    ...["batch", "convert", "data.csv", "--spec", "colours.layout.yaml", "--layout", "sandwich", "--id", "id"],
    ...["-o", "in.jsonl", "--json"],
  );
  expect(converted.code).toBe(0);
  expect(JSON.parse(converted.stdout)).toMatchObject({ schema: "layoutlab/batch-convert@1", written: 4, skipped: 0 });
  const lines = (await readFile(path.join(folder.folder, "in.jsonl"), "utf8")).trimEnd().split("\n");
  const body = (
    JSON.parse(lines[2] ?? "") as { body: { model: string; messages: { role: string; content: string }[] } }
  ).body;
  expect(body.model).toBe("scripted:a");
  const preview = await folder.run(
    "preview",
    "colours.layout.yaml",
    "--layout",
    "sandwich",
    "--example",
    "r2",
    "--json",
  );
  const shown = JSON.stringify(JSON.parse(preview.stdout));
  for (const { content } of body.messages) expect(shown).toContain(content.split("\n")[0]);
  expect(body.messages.map(({ content }) => content).join("\n")).toContain("item number 2");
});

it("refuses a conversion without a template, of no table, or that makes nothing", async () => {
  const folder = await openCliFolder();
  onTestFinished(() => folder.close());
  await folder.write("t.txt", "{{nothing}}");
  await folder.write("a.csv", "text\none\n");
  expect((await folder.run("batch", "convert", "a.csv", "-o", "o.jsonl")).code).toBe(2);
  expect((await folder.run("batch", "convert", "none.csv", "--template", "t.txt", "-o", "o.jsonl")).stderr).toMatch(
    /none\.csv does not exist/,
  );
  const nothing = await folder.run("batch", "convert", "a.csv", "--template", "t.txt", "--model", "m", "-o", "o.jsonl");
  expect(nothing).toMatchObject({ code: 2, stderr: "a.csv:2:1: row 1 has no nothing\n" });
});

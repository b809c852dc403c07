import { expect, it } from "vitest";
import { type Converted, convertRows, templateMaker } from "../../../src/engine/batch/convert.ts";

async function* pieces(text: string, size = 7): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

async function convert(csv: string, template: string, more: { id?: string; limit?: number; model?: string } = {}) {
  const report: Converted = { written: 0, skipped: 0, trimmed: 0, bad: [] };
  const lines: { custom_id: string; body: { model: string; messages: { content: string }[]; [k: string]: unknown } }[] =
    [];
  const maker = templateMaker(template, more.model ?? "openai:m");
  const options = { format: "csv" as const, id: more.id, limit: more.limit };
  for await (const line of convertRows(pieces(csv), maker, options, report)) lines.push(JSON.parse(line));
  return { report, lines };
}

it("fills a text template into the user's message", async () => {
  const { lines, report } = await convert('id,text\na,"say ""hi"",\nplease"\nb,süß {{id}}\n', "[{{id}}] {{text}}\n");
  expect(lines).toEqual([
    {
      custom_id: "row-1",
      method: "POST",
      url: "/v1/chat/completions",
      body: { messages: [{ role: "user", content: '[a] say "hi",\nplease' }], model: "openai:m" },
    },
    expect.objectContaining({ custom_id: "row-2" }),
  ]);
  // What stands in a cell is text, whatever it looks like.
  expect(lines[1]?.body.messages[0]?.content).toBe("[b] süß {{id}}");
  expect(report).toEqual({ written: 2, skipped: 0, trimmed: 0, bad: [] });
});

it("fills a JSON body at any depth, and keeps what is no text", async () => {
  const template = JSON.stringify({
    model: "m",
    temperature: 0,
    messages: [{ role: "user", content: [{ type: "text", text: "{{text}}" }] }],
    metadata: { from: "row of {{id}}" },
    tools: [{ type: "function", function: { name: "f", parameters: { type: "object" } } }],
  });
  const { lines } = await convert("id,text\na,one\n", template, { model: "other" });
  expect(lines[0]?.body).toEqual({
    model: "other",
    temperature: 0,
    messages: [{ role: "user", content: [{ type: "text", text: "one" }] }],
    metadata: { from: "row of a" },
    tools: [{ type: "function", function: { name: "f", parameters: { type: "object" } } }],
  });
  const whole = JSON.stringify({
    custom_id: "x",
    method: "POST",
    url: "/v1/chat/completions",
    body: JSON.parse(template),
  });
  expect((await convert("id,text\na,one\n", whole, { model: "other" })).lines).toEqual(lines);
});

it("leaves out rows that are no rows, with their lines", async () => {
  const csv = 'id,text\na,one\nb\nc,three,more\n,\n"d","x"y\na,again\ne,"six\nlines"\n,seven\nf,eight\n';
  const { lines, report } = await convert(csv, "{{text}}", { id: "id" });
  expect(lines.map(({ custom_id }) => custom_id)).toEqual(["a", "e", "f"]);
  expect(report.bad.map(({ line, message }) => [line, message])).toEqual([
    [3, "row 2 has 1 field, the header 2"],
    [4, "row 3 has 3 fields, the header 2"],
    [5, "row 4 is empty"],
    [6, "text follows a closing quote"],
    [7, "row 6 has the id of an earlier row, a"],
    [10, "row 8 has no id"],
  ]);
  expect(report).toMatchObject({ written: 3, skipped: 6 });
});

it("names columns the table does not have", async () => {
  const { report } = await convert("id,text\na,one\nb,two\n", "{{txt}}");
  expect(report).toMatchObject({ written: 0, skipped: 2 });
  expect(report.bad[0]).toEqual({ line: 2, message: "row 1 has no txt" });
});

it("stops at the limit", async () => {
  expect((await convert("text\na\nb\nc\n", "{{text}}", { limit: 2 })).lines).toHaveLength(2);
});

it("refuses templates that make no request", () => {
  expect(() => templateMaker("{broken", "m")).toThrow();
  expect(() => templateMaker('{"model": "m"}', undefined)).toThrow(/messages/);
  expect(() => templateMaker("{{text}}", undefined)).toThrow(/no model/);
});

import { describe, expect, it } from "vitest";
import { declareLayout, type Placing } from "../../../src/engine/spec/declareLayout.ts";
import { parseExperiment } from "../../../src/engine/spec/parse.ts";

const placing: Placing = {
  system: ["instructions"],
  user: ["question", "segment", "output"],
  style: undefined,
  examplesAs: "text",
  repeat: 1,
};
const body = `name: tickets
dataset: { path: data.csv, input: { segment: text }, expected: label }
models: [builtin:reader] # offline
prompt:
  instructions: Sort the messages.
  segment: "{{text}}"
  question: Which label?
  output: { type: label, labels: [a, b] }
`;

/** The file's text after the placing was written into it, and what it then says. */
function written(text: string, from = "standard", more: Partial<Placing> = {}, file = "/x/t.layout.yaml") {
  const parsed = parseExperiment(text, file);
  if (parsed.draft === undefined) throw new Error(JSON.stringify(parsed.diagnostics));
  const { name, edits } = declareLayout(parsed, parsed.draft.layouts, from, { ...placing, ...more });
  let after = text;
  for (const { range, newText } of edits.toReversed()) {
    const lines = text.split("\n");
    const offset = (at: typeof range.start) =>
      lines.slice(0, at.line - 1).reduce((sum, line) => sum + line.length + 1, 0) + at.column - 1;
    after = after.slice(0, offset(range.start)) + newText + after.slice(offset(range.end));
  }
  const again = parseExperiment(after, file);
  expect(again.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  return { name, after, layouts: again.draft?.layouts ?? [] };
}

const entry = "{ name: mine, system: [instructions], user: [question, segment, output] }";

describe("a placing that is written into the file", () => {
  it("goes behind the last layout of a list in brackets", () => {
    const { name, after, layouts } = written(`${body}layouts: [standard, recency ] # two\n`);
    expect(after).toBe(`${body}layouts: [standard, recency, ${entry} ] # two\n`);
    expect(name).toBe("mine");
    expect(layouts.at(-1)).toMatchObject({ kind: "declared", name: "mine", user: placing.user });
  });

  it("gets a line of its own in a list with dashes, and comments stay where they are", () => {
    const list = "layouts:\n  - standard # as before\n  # the newer one\n  - recency # last\nsampling: { seed: 1 }\n";
    expect(written(body + list).after).toBe(body + list.replace("recency # last", `recency # last\n  - ${entry}`));
  });

  it("follows a layout of several lines, and a file without a last line break", () => {
    const own = "layouts:\n- standard\n- name: other\n  system: []\n  user:\n    - segment\n    - question";
    expect(written(body + own).after).toBe(`${body}${own}\n- ${entry}`);
  });

  it("keeps the layouts that hold by default where the file names none", () => {
    const { layouts } = written(body);
    expect(layouts.map(({ name }) => name)).toEqual([
      "standard",
      "recency",
      "sandwich",
      "minimal-system",
      "question-first",
      "mine",
    ]);
  });

  it("keeps the line ends of the file", () => {
    const text = `${body}layouts:\n  - standard\n`.replaceAll("\n", "\r\n");
    expect(written(text).after).toBe(`${text}  - ${entry}\r\n`);
  });

  it("takes the next free name", () => {
    const { name } = written(`${body}layouts: [standard, ${entry}]\n`);
    expect(name).toBe("mine-2");
  });

  it("changes what was made so before in its place", () => {
    const text = `${body}layouts:\n  - standard\n  - { name: mine, system: [], user: [segment, question], repeat: 2 } # tried\n`;
    const { name, after } = written(text, "mine", { repeat: 2 });
    expect(name).toBe("mine");
    expect(after).toBe(
      text.replace("[]", "[instructions]").replace("[segment, question]", "[question, segment, output]"),
    );
  });

  it("says more only where it must", () => {
    const { after } = written(`${body}layouts: [standard]\n`, "standard", {
      style: "xml",
      examplesAs: "turns",
      repeat: 2,
    });
    expect(after).toContain("style: xml, examplesAs: turns, repeat: 2 }");
  });

  it("is JSON in a file of JSON", () => {
    const json = JSON.stringify(
      parseExperiment(`${body}layouts: [standard]\n`, "/x/t.layout.yaml").draft && {
        name: "t",
        dataset: { path: "data.csv", input: { segment: "text" }, expected: "label" },
        models: ["builtin:reader"],
        prompt: { segment: "{{text}}", question: "Which?", output: { type: "label", labels: ["a"] } },
        layouts: ["standard"],
      },
      null,
      2,
    );
    const { after } = written(json, "standard", {}, "/x/t.layout.json");
    expect((JSON.parse(after) as { layouts: unknown[] }).layouts).toEqual([
      "standard",
      { name: "mine", system: ["instructions"], user: ["question", "segment", "output"] },
    ]);
    expect(after).toContain('    "standard",\n    {"name":"mine"');
  });
});

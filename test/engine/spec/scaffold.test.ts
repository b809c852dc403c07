import { describe, expect, it } from "vitest";
import { MemoryFiles } from "../../../src/base/files.ts";
import { readTable } from "../../../src/engine/dataset/dataset.ts";
import { formatDiagnostic } from "../../../src/engine/spec/diagnostic.ts";
import { loadExperiment } from "../../../src/engine/spec/load.ts";
import { fileName, guessColumns, scaffoldExample, scaffoldFromData } from "../../../src/engine/spec/scaffold.ts";
import { inPieces } from "../dataset/reading.ts";

const table = (content: string) => readTable(inPieces(content), "csv");

async function scaffolded(content: string, path = "d.csv") {
  const { text } = scaffoldFromData({ name: "mine" }, path, await table(content));
  return { text, loaded: await loadExperiment(text, "mine.layout.yaml", new MemoryFiles({ [path]: content })) };
}

describe("a new experiment from a data file", () => {
  it.each([
    [
      "plain names",
      "id,text,label\n1,How are you today?,x\n2,Fine,y\n3,So so,x\n",
      { text: "text", expected: "label", id: "id" },
    ],
    [
      "other names",
      "kind,what was said\na,How are you today?\nb,I am quite well\na,So so\n",
      { text: "what was said", expected: "kind", id: undefined },
    ],
    [
      "names that YAML would misread",
      "yes,a: b\na,How are you today?\nb,I am quite well\na,So so\n",
      { text: "a: b", expected: "yes", id: undefined },
    ],
    [
      "a column that never changes",
      "lang,body,mood\nen,How are you?,sad\nen,I am well,gay\nen,So so,sad\n",
      { text: "body", expected: "mood", id: undefined },
    ],
    [
      "words of names, before what the values say",
      "isReply,customer_message,trueLabel\n0,How are you today?,x\n1,Fine,y\n0,So so,z\n",
      { text: "customer_message", expected: "trueLabel", id: undefined, others: { text: [], expected: [] } },
    ],
    [
      "several names of right answers and of texts",
      "category,title,body,label,label_text\na,Hi,How are you today?,0,p\nb,Ho,Fine,1,q\n",
      { text: "body", expected: "label", others: { text: ["title"], expected: ["category", "label_text"] } },
    ],
    [
      "columns with as few values, of which the last is taken, and texts as long, of which the first is",
      "a,b,left,right\n1,x,some words,more words\n2,y,some wordz,more wordz\n1,x,any wordsss,any wordsss\n",
      { text: "left", expected: "b", others: { text: ["right"], expected: ["a"] } },
    ],
    [
      "a key of its own in each row",
      "ticket_id,what,how\nt1,How are you today?,x\nt2,Fine,y\nt3,So so,x\n",
      { text: "what", expected: "how", id: "ticket_id" },
    ],
  ])("guesses the columns and is valid, with %s", async (_, content, expected) => {
    expect(guessColumns("d.csv", await table(content))).toMatchObject(expected);
    const { loaded } = await scaffolded(content);
    expect(loaded.diagnostics.map(formatDiagnostic)).toEqual([]);
    expect(loaded.kind).toBe("ready");
    expect(loaded.experiment?.dataset.expected).toBe(expected.expected);
    expect(loaded.experiment?.prompt.segment.text).toBe(`{{${expected.text}}}`);
  });

  it("says in the file which columns might be meant too", async () => {
    const { text } = await scaffolded("title,body,label,category\nHi,How are you today?,x,a\nHo,Fine,y,b\n");
    expect(text).toContain(
      "# Right answers might also stand in category.\n# The text might also be title: see prompt.segment.\n",
    );
  });

  it("lists the labels, the first twenty of many", async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `message ${i},label${i % 25}`).join("\n");
    const { text } = await scaffolded(`text,label\n${rows}\n`);
    expect(text).toContain("# 25 labels: label0, label1, ");
    expect(text).toContain("label19 and 5 more\n");
  });

  it("asks for numbers or text where answers are no labels", async () => {
    const numbers = Array.from({ length: 30 }, (_, i) => `What is ${i} + ${i}?,${2 * i}`).join("\n");
    expect((await scaffolded(`question,answer\n${numbers}\n`)).loaded.experiment?.prompt.output.type).toBe("number");
    const names = Array.from({ length: 30 }, (_, i) => `Who is number ${i}?,Name ${i}`).join("\n");
    const { loaded } = await scaffolded(`question,answer\n${names}\n`);
    expect(loaded.experiment?.prompt.output.type).toBe("text");
    expect(loaded.diagnostics).toEqual([]);
  });

  it.each([
    ["", "d.csv has no rows"],
    ["text\na\nb\n", "d.csv needs two columns, and has text"],
    ["a,b\n1,2\n", "d.csv has no column of right answers: each of a, b holds one value only"],
  ])("says what %j lacks", async (content, message) => {
    const read = await table(content);
    expect(() => scaffoldFromData({ name: "mine" }, "d.csv", read)).toThrow(message);
  });

  it("names its schema when told where it is", async () => {
    const { text } = scaffoldFromData(
      { name: "mine", schema: "s.json" },
      "d.csv",
      await table("text,label\na,x\nb,y\n"),
    );
    expect(text.split("\n")[0]).toBe("# yaml-language-server: $schema=s.json");
  });
});

describe("a new experiment from nothing", () => {
  it("is valid and complete as it stands", async () => {
    const files = scaffoldExample({ name: "My first: try" });
    expect(files.map((each) => each.path)).toEqual(["my-first-try.layout.yaml", "data/messages.csv"]);
    const [spec] = files;
    const loaded = await loadExperiment(
      spec?.text ?? "",
      "f",
      new MemoryFiles(Object.fromEntries(files.map((each) => [each.path, each.text]))),
    );
    expect(loaded.diagnostics.map(formatDiagnostic)).toEqual([]);
    expect(loaded.kind).toBe("ready");
    expect(loaded.experiment?.name).toBe("My first: try");
    expect(loaded.dataset?.examples.length).toBe(40);
    expect(loaded.dataset?.labels).toHaveLength(4);
  });
});

it.each([
  ["Größe & Maß", "gro-e-ma"],
  ["  ", "experiment"],
  ["a/b\\c", "a-b-c"],
])("names the file for %j", (name, expected) => {
  expect(fileName(name)).toBe(expected);
});

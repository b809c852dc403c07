import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readTable, type Selection, selectRows, streamExamples } from "../../../src/engine/dataset/dataset.ts";
import { contentId } from "../../../src/engine/dataset/identity.ts";
import type { DatasetSpec } from "../../../src/engine/spec/experiment.ts";
import { leastCpuMs } from "../../support/speed.ts";
import { inPieces } from "./reading.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const everything: Selection = {
  expected: "label",
  id: undefined,
  filter: {},
  limit: undefined,
  seed: 1,
  shuffle: false,
  shown: ["text"],
  judged: ["text"],
};

async function select(content: string, changes: Partial<Selection> = {}) {
  return selectRows(await readTable(inPieces(content), "csv"), { ...everything, ...changes });
}

const spec: DatasetSpec = {
  path: "d.csv",
  format: "csv",
  input: {},
  expected: undefined,
  id: undefined,
  filter: {},
  limit: undefined,
  seed: 1,
  shuffle: false,
};

describe("ids", () => {
  it("are the row's own where a column has them", async () => {
    const { dataset } = await select("id,text,label\n7,a,x\n9,b,y\n", { id: "id" });
    expect(dataset.examples.map((each) => each.id)).toEqual(["7", "9"]);
  });

  it("are else the content's, whatever the order of rows, columns or the format", async () => {
    const one = await select("text,label\na,1\nb,2\n");
    const other = await select("label,text\n2,b\n1,a\n");
    const ids = (each: typeof one) => each.dataset.examples.map((example) => example.id);
    expect(ids(other)).toEqual(ids(one).toReversed());
    const json = selectRows(await readTable(inPieces('{"label": 1, "text": "a", "note": null}'), "jsonl"), everything);
    expect(ids(json)[0]).toBe(ids(one)[0]);
  });

  it("differ for different contents, also where the parts could run together", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.string({ minLength: 1 })),
        fc.dictionary(fc.string(), fc.string({ minLength: 1 })),
        (a, b) => {
          const same = JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
          expect(contentId(a) === contentId(b)).toBe(same);
        },
      ),
    );
    expect(contentId({ a: "b1:c" })).not.toBe(contentId({ a: "b", c: "" }));
  });

  it("stay apart for equal rows, which are told", async () => {
    const { dataset, duplicates } = await select("text,label\na,x\nb,y\na,x\na,x\n");
    expect(new Set(dataset.examples.map((each) => each.id)).size).toBe(4);
    expect(duplicates.map((each) => each.rows)).toEqual([{ rows: [1, 3, 4], count: 3 }]);
  });

  it("told twice are told with their rows, five at most", async () => {
    const rows = Array.from({ length: 8 }, (_, i) => `7,t${i},x`).join("\n");
    const { duplicates } = await select(`id,text,label\n${rows}\n`, { id: "id" });
    expect(duplicates).toEqual([{ id: "7", rows: { rows: [1, 2, 3, 4, 5], count: 8 } }]);
  });
});

describe("selection", () => {
  const content = "text,label,split,n\na,x,test,1.0\nb,y,train,2\nc,,test,3\n,x,test,4\ne,z,test,1\n";

  it("leaves out rows that lack an answer or a text, and says which", async () => {
    const { dataset, missing } = await select(content);
    expect(dataset.examples.map((each) => each.row)).toEqual([1, 2, 5]);
    expect(Object.fromEntries(missing)).toEqual({ label: { rows: [3], count: 1 }, text: { rows: [4], count: 1 } });
  });

  it("keeps an empty field that is not judged, and leaves out a row without the field", async () => {
    const table = await readTable(
      inPieces('{"text": "a", "label": "x", "note": ""}\n{"text": "b", "label": "x"}\n'),
      "jsonl",
    );
    const { dataset, missing } = selectRows(table, { ...everything, shown: ["text", "note"] });
    expect(dataset.examples.map((each) => each.row)).toEqual([1]);
    expect(missing.get("note")).toEqual({ rows: [2], count: 1 });
  });

  it("filters by text and by number", async () => {
    expect(
      (await select(content, { filter: { split: "test", n: 1 } })).dataset.examples.map((each) => each.row),
    ).toEqual([1, 5]);
    expect((await select(content, { filter: { split: "dev" } })).kept).toBe(0);
  });

  it("collects labels of the whole file in order of appearance, whatever is selected", async () => {
    expect((await select(content, { filter: { split: "train" }, limit: 1 })).dataset.labels).toEqual(["x", "y", "z"]);
  });

  it("limits in the file's order, or after a shuffle that the seed decides", async () => {
    const rows = Array.from({ length: 50 }, (_, i) => `t${i},x`).join("\n");
    const of = async (changes: Partial<Selection>) =>
      (await select(`text,label\n${rows}`, { limit: 10, ...changes })).dataset.examples.map((each) => each.row);
    expect(await of({})).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const first = await of({ shuffle: true, seed: 1 });
    expect(await of({ shuffle: true, seed: 1 })).toEqual(first);
    expect(await of({ shuffle: true, seed: 2 })).not.toEqual(first);
    expect(new Set(first).size).toBe(10);
  });

  it("has a hash of the rows used, not of the order they are used in", async () => {
    const hash = async (text: string, changes: Partial<Selection> = {}) => (await select(text, changes)).dataset.hash;
    const plain = await hash("text,label\na,x\nb,y\n");
    expect(await hash("label,text\nx,a\ny,b\n", { shuffle: true, seed: 5 })).toBe(plain);
    expect(await hash("text,label\na,x\nb,z\n")).not.toBe(plain);
    expect(await hash("text,label\na,x\nb,y\n", { limit: 1 })).not.toBe(plain);
  });
});

describe("streaming", () => {
  it("gives examples with guessed columns, filtered and limited", async () => {
    const examples = [];
    for await (const example of streamExamples(
      inPieces("id,text,intent,split\n1,a,x,t\n2,b,y,u\n3,c,z,t\n4,d,x,t\n"),
      { ...spec, filter: { split: "t" }, limit: 2 },
      () => {},
    ))
      examples.push(example);
    expect(examples.map(({ id, expected, row }) => [id, expected, row])).toEqual([
      ["1", "x", 1],
      ["3", "z", 3],
    ]);
  });

  /** 170,000 rows of about 100 bytes, made as they are read. */
  async function* large(blocks = 170): AsyncGenerator<string> {
    yield "id,text,label\n";
    for (let block = 0; block < blocks; block++) {
      let text = "";
      for (let i = 0; i < 1000; i++)
        text += `${block * 1000 + i},"Message ${i}: the parcel is late, and nobody answers when I call the shop about it.",label_${i % 77}\n`;
      yield text;
    }
  }

  it("reads 170,000 rows in flat memory", async () => {
    let count = 0;
    let early = 0;
    let most = 0;
    for await (const _ of streamExamples(large(), spec, () => {})) {
      count++;
      if (count % 17_000 !== 0) continue;
      collect();
      const used = process.memoryUsage().heapUsed;
      if (count === 34_000) early = used;
      most = Math.max(most, used);
    }
    expect(count).toBe(170_000);
    // Kept rows would take 60 MB and more.
    expect(most - early).toBeLessThan(5e6);
  });

  it("loads 170,000 rows as a whole, in a time that grows as the rows do", { timeout: 60_000 }, async () => {
    const load = async (blocks: number) => {
      const table = await readTable(large(blocks), "csv");
      const { dataset } = selectRows(table, { ...everything, id: "id" });
      expect(dataset.examples.length).toBe(1000 * blocks);
      expect(dataset.labels.length).toBe(77);
    };
    // Against a tenth of them on the same machine: with their square it would be a hundred times as long.
    const allowed = 25 * (await leastCpuMs(() => load(17))) + 200;
    expect(await leastCpuMs(() => load(170), { enough: allowed })).toBeLessThan(allowed);
  });
});

import fc from "fast-check";
import Papa from "papaparse";
import { describe, expect, it } from "vitest";
import { fieldsOf, readAll } from "./reading.ts";

describe("delimited files", () => {
  it("reads quoted fields with delimiters, doubled quotes and line breaks", async () => {
    expect(await fieldsOf('text,label\n"a, ""b""\nc",x\nd,y\n', "csv")).toEqual([
      { text: 'a, "b"\nc', label: "x" },
      { text: "d", label: "y" },
    ]);
  });

  it("counts rows without the header and lines with those inside quotes, blank lines skipped", async () => {
    const { records } = await readAll('a,b\n\n"1\n2",x\n\n3,y', "csv");
    expect(records.map(({ row, line }) => [row, line])).toEqual([
      [1, 3],
      [2, 6],
    ]);
  });

  it.each([
    ["a byte-order mark", "\ufefftext,label\na,b\n"],
    ["Windows line ends", "text,label\r\na,b\r\n"],
    ["old Mac line ends", "text,label\ra,b\r"],
    ["no last line end", "text,label\na,b"],
    ["blanks in the header", " text , label\na,b\n"],
    ["semicolons", "text;label\na;b\n"],
    ["bars", "text|label\na|b\n"],
    ["quotes around everything", '"text","label"\n"a","b"\n'],
  ])("takes %s", async (_, content) => {
    expect(await fieldsOf(content, "csv")).toEqual([{ text: "a", label: "b" }]);
  });

  it("reads the same whatever the pieces, line ends cut in two included", async () => {
    const content = '\ufefftext,label\r\n"a ""x""\r\nb",é1\r\n,\r\n"",z\r\nlast,😀';
    const whole = await readAll(content, "csv");
    for (const size of [1, 2, 3, 5, 7]) {
      expect(await readAll(content, "csv", size)).toEqual(whole);
      expect(await readAll(new TextEncoder().encode(content), "csv", size)).toEqual(whole);
    }
  });

  it("tells ragged rows by line and keeps what they have", async () => {
    const { records, troubles } = await readAll("a,b\n1\n2,3,4\n5,6\n", "csv");
    expect(records.map((each) => each.fields)).toEqual([{ a: "1" }, { a: "2", b: "3" }, { a: "5", b: "6" }]);
    expect(troubles.map(({ line, message }) => [line, message])).toEqual([
      [2, "row 1 has 1 field, the header 2"],
      [3, "row 2 has 3 fields, the header 2"],
    ]);
  });

  it("tells text behind a closing quote", async () => {
    const { troubles } = await readAll('a,b\n1,2\n"x" y,3\n', "csv");
    expect(troubles).toEqual([
      {
        code: "malformed-row",
        message: "text follows a closing quote",
        action: 'double quotes that belong to the text: ""',
        row: 2,
        line: 3,
      },
    ]);
  });

  it.each([
    ['a,b\n1,"2\n3,4\n', "a quoted field is never closed", 2],
    ["a,a\n1,2\n", "two columns are named a", 1],
    ["a,__proto__\n1,2\n", "a column is named __proto__", 1],
  ])("gives up on %j", async (content, message, line) => {
    await expect(readAll(content, "csv")).rejects.toMatchObject({ message, line });
  });

  it("names columns that have no name, as data frames write their row numbers", async () => {
    expect(await fieldsOf(",text\n0,a\n", "csv")).toEqual([{ "column 1": "0", text: "a" }]);
  });

  it("keeps commas in a tab-separated file", async () => {
    expect(await fieldsOf("a\tb\n1,5\t2\n", "tsv")).toEqual([{ a: "1,5", b: "2" }]);
  });

  it("gives no rows for an empty file or a header alone", async () => {
    expect(await fieldsOf("", "csv")).toEqual([]);
    expect(await fieldsOf("a,b\n", "csv")).toEqual([]);
  });

  it("agrees with papaparse on whatever papaparse writes", async () => {
    const cell = fc.string({ maxLength: 8, unit: fc.constantFrom("a", "é", '"', ",", "\n", " ", ";", "1", "\t") });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 12 }),
        async (rows, size) => {
          const content = Papa.unparse([["a", "b", "c"], ...rows], { newline: "\n", quotes: true });
          const read = await fieldsOf(content, "csv", size);
          const theirs = Papa.parse<Record<string, string>>(content, {
            header: true,
            delimiter: ",",
            newline: "\n",
            skipEmptyLines: false,
          });
          expect(read).toEqual(theirs.data);
          expect(read.map((fields) => [fields["a"], fields["b"], fields["c"]])).toEqual(rows);
        },
      ),
    );
  });
});

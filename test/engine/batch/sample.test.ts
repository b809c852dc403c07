import { expect, it } from "vitest";
import { sampleCsv } from "../../../src/engine/batch/sample.ts";
import { readRecords } from "../../../src/engine/dataset/records.ts";

async function rowsOf(rows: number, seed = 1) {
  const text = [...sampleCsv(rows, seed)].join("");
  const troubles: string[] = [];
  const found: Readonly<Record<string, unknown>>[] = [];
  async function* once() {
    yield text;
  }
  for await (const { fields } of readRecords(once(), "csv", ({ message }) => troubles.push(message)))
    found.push(fields);
  return { text, found, troubles };
}

it("is the same for the same seed, and readable to its last row", async () => {
  const a = await rowsOf(1000);
  expect((await rowsOf(1000)).text).toBe(a.text);
  expect((await rowsOf(1000, 2)).text).not.toBe(a.text);
  expect(a.found).toHaveLength(1000);
  expect(a.troubles).toEqual([]);
});

it("holds what real tables hold", async () => {
  const { found } = await rowsOf(3000);
  const texts = found.map((row) => String(row["text"]));
  const has = (test: (row: Readonly<Record<string, unknown>>) => boolean) => found.filter(test).length;
  for (const label of ["billing", "delivery", "account", "damage"])
    expect(has((row) => row["label"] === label)).toBeGreaterThan(500);
  expect(has((row) => Object.values(row).every((value) => value === ""))).toBeGreaterThan(0);
  expect(has((row) => row["id"] !== "" && row["text"] === "")).toBeGreaterThan(0);
  expect(has((row) => row["label"] === "")).toBeGreaterThan(0);
  expect(has((row) => row["channel"] === "" && row["text"] !== "")).toBeGreaterThan(0);
  expect(has((row) => String(row["history"]).length > 5000)).toBeGreaterThan(0);
  for (const sign of ['"', "\n", "😡", "画", "حساب", "{{text}}", "=SUM", "\u2028"])
    expect(texts.some((text) => text.includes(sign))).toBe(true);
});

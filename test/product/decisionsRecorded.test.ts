import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { decideMatrix } from "../../src/engine/decide/decideMatrix.ts";
import { parseMatrix } from "../../src/engine/decide/matrix.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { type CliFolder, openCliFolder } from "../support/cli.ts";
import {
  decidedMatrix,
  type MatrixLab,
  openMatrixEngine,
  openMatrixLab,
  runMatrix,
  storedDecision,
} from "../support/matrixLab.ts";
import { hasRecording, recordedLayouts, recordedMatrices, writeRecording } from "../support/recorded.ts";

const closing: { close(): Promise<void> }[] = [];
function later<T extends { close(): Promise<void> }>(one: T): T {
  closing.push(one);
  return one;
}
afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one.close();
});

// Public data that is looked for beside the repository and is no part of it.
const absent = "skipped: ../shared/data is not there";

if (recordedMatrices.length === 0) it.skip(`recorded matrices (${absent})`, () => undefined);

describe.each(recordedMatrices)("the recorded matrix $name", ({ name, file }) => {
  const table = parseMatrix(readFileSync(file, "utf8"), name);
  const models = [...new Set(table.columns.map((column) => column.split("__")[0] ?? ""))].filter(
    (model) => table.columns.filter((column) => column.startsWith(`${model}__`)).length === 4,
  );

  it.each(models)("%s: a run on its scores decides what the module decides, cheaply", async (model) => {
    const at = table.columns.map((column, v) => (column.startsWith(`${model}__`) ? v : -1)).filter((v) => v >= 0);
    const layouts = at.map((v) => (table.columns[v] ?? "").split("__")[1] ?? "");
    const lab: MatrixLab = later(
      await openMatrixLab({
        matrix: table.rows.map((row) => at.map((v) => row[v] ?? Number.NaN)),
        layouts,
        sampling: "{ equivalence: 0.01 }",
        models: ["replay:scores.jsonl"],
      }),
    );
    const engine = await lab.open();
    const { summary, decided } = await runMatrix(engine, lab, { concurrency: 64 });
    expect(decided).toEqual(decidedMatrix(lab.table, { equivalence: 0.01 }, summary));
    const means = layouts.map(
      (_, v) => lab.table.rows.reduce((sum, row) => sum + (row[v] ?? 0), 0) / table.rows.length,
    );
    const named = layouts.indexOf(summary.verdict.winner?.split("/")[0] ?? "");
    expect(Math.max(...means) - (means[named] ?? 0)).toBeLessThanOrEqual(0.01);
    const used = summary.variants.reduce((sum, { trials }) => sum + trials, 0);
    expect(used).toBeLessThan(lab.table.rows.length * layouts.length);
  });

  it("is decided from the command line, in the words of the contract", async () => {
    const folder: CliFolder = later(await openCliFolder());
    await folder.write(name, readFileSync(file, "utf8"));
    const { code, stdout, stderr } = await folder.run(
      ...["decide", name, "--equivalence", "0.01", "--confidence", "0.95", "--seed", "3", "--json"],
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const decided = JSON.parse(stdout);
    const direct = decideMatrix(table, { equivalence: 0.01, seed: 3 });
    expect(decided).toMatchObject({
      verdict: { kind: direct.verdict.kind, winner: direct.verdict.winner },
      rows: direct.rows,
      calls: direct.calls,
    });
  });
});

describe.skipIf(!hasRecording)(
  hasRecording ? "recorded outputs of gpt-3.5-turbo" : `recorded outputs (${absent})`,
  () => {
    it("are parsed, scored and decided as the module decides on the scores, at 1, 8 and 64 at a time", async () => {
      const folder = await mkdtemp(path.join(tmpdir(), "layoutlab-"));
      const engine: Engine = later(await openMatrixEngine(path.join(folder, "store.db"), () => ""));
      closing.unshift({ close: () => rm(folder, { recursive: true, force: true }) });
      const file = await writeRecording(folder, "{ equivalence: 0.01 }");

      const full = await engine.start({ file, options: { sampling: "full" } });
      await engine.finished(full.run);
      const scores = new Map<string, Map<string, number>>();
      for (let after: string | undefined, more = true; more; ) {
        const page = await engine.trials({
          filter: { run: full.run },
          sort: "position",
          descending: false,
          limit: 1000,
          ...(after === undefined ? {} : { after }),
        });
        for (const { variant, exampleId, score } of page.rows) {
          const row = scores.get(exampleId) ?? new Map<string, number>();
          scores.set(exampleId, row.set(recordedLayouts[variant] ?? "", score ?? Number.NaN));
        }
        after = page.next;
        more = after !== undefined;
      }
      // The store gives trials in the run's order; the table has the dataset's.
      const ids = readFileSync(path.join(folder, "csqa.jsonl"), "utf8").trim().split("\n");
      const names = ids.map((line) => String((JSON.parse(line) as { readonly id: number }).id));
      const rows = names.map((id) => recordedLayouts.map((layout) => scores.get(id)?.get(layout) ?? Number.NaN));
      const table = { ids: names, columns: [...recordedLayouts], rows };
      expect(rows.flat().some(Number.isNaN)).toBe(false);

      for (const concurrency of [1, 8, 64]) {
        const { run } = await engine.start({ file, options: { concurrency } });
        await engine.finished(run);
        const { summary, decided } = await storedDecision(engine, run);
        expect(decided).toEqual(decidedMatrix(table, { equivalence: 0.01 }, summary));
        expect(summary.verdict.winner).toMatch(/_re2\/replay:/);
      }
    }, 120_000);
  },
);

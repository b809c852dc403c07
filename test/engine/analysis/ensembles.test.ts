import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { runReport } from "../../../src/cli/render/runReport.ts";
import type { Script } from "../../../src/engine/provider/scripted.ts";
import { labelOf, openLab, rowOf, runLab, type TestLab } from "../../support/engine.ts";

const labs: TestLab[] = [];
afterEach(async () => {
  for (const opened of labs.splice(0)) await opened.close();
});

const layouts = ["standard", "sandwich", "recency"];

/** Each layout is wrong on its own third of the rows, and one row gets no answer under sandwich. */
const takingTurns: Script = (_request, { trial }) => {
  const row = rowOf(trial?.example);
  if (row === 7 && trial?.layout === "sandwich") return { kind: "tooLong", message: "too long", limitTokens: 1 };
  return layouts[Math.floor(row / 3) % 3] === trial?.layout ? labelOf(row + 1) : labelOf(row);
};

async function labOf(more: string) {
  const lab = await openLab({ rows: 60, layouts, more: `sampling: { mode: full }\n${more}` });
  labs.push(lab);
  return { lab, engine: await lab.open(takingTurns) };
}

describe("ensembles of a run", () => {
  it("are judged when it ends, and stand in the report", async () => {
    const { lab, engine } = await labOf(`ensemble: [{ layouts: [${layouts.join(", ")}], combine: majority }]\n`);
    const { summary } = await runLab(engine, lab);
    expect(summary.ensembles).toHaveLength(1);
    expect(summary.ensembles?.[0]).toMatchObject({
      model: "scripted:a",
      rows: 59,
      accuracy: 1,
      pays: true,
      cost: { unit: "promptTokens" },
    });
    expect(runReport(summary)).toContain("Ensemble (scripted:a): majority of standard, sandwich and recency: 100 %");
    for (const format of ["md", "html"] as const) {
      const to = path.join(lab.folder, `report.${format}`);
      await engine.export({ run: summary.run, format, to });
      expect(await readFile(to, "utf8")).toContain("extra correct answer");
    }
  });

  it("can be chosen later, and need layouts that the run has", async () => {
    const { lab, engine } = await labOf("");
    const { summary } = await runLab(engine, lab);
    expect(summary.ensembles).toBeUndefined();
    const [report] = await engine.ensemble({ run: summary.run, layouts: ["recency", "standard"], combine: "logodds" });
    expect(report).toMatchObject({ rows: 60, members: [{ name: "recency" }, { name: "standard" }] });
    await expect(
      engine.ensemble({ run: summary.run, layouts: ["standard", "nowhere"], combine: "majority" }),
    ).rejects.toThrow(/has no layout "nowhere"/);
  });

  it("leaves out what a flag made impossible", async () => {
    const { lab, engine } = await labOf(`ensemble: [{ layouts: [${layouts.join(", ")}], combine: majority }]\n`);
    const { summary } = await runLab(engine, lab, { layouts: ["standard", "recency"] });
    expect(summary.ensembles).toBeUndefined();
  });
});

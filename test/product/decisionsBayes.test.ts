import { afterEach, describe, expect, it } from "vitest";
import type { RunSummary } from "../../src/engine/runner/events.ts";
import { type CliFolder, colours, openCliFolder } from "../support/cli.ts";
import { labelOf, rowOf } from "../support/engine.ts";

const open: CliFolder[] = [];
afterEach(async () => {
  for (const opened of open.splice(0)) await opened.close();
});

const spec = "colours.layout.yaml";
const search = "parameters: { temperature: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1] }\n";
const sampling = "sampling: { mode: bayes, initial: 20, budget: 160, equivalence: 0.02 }\n";

/** The cooler, the more are right; which rows are wrong differs between temperatures. */
async function folder(more = ""): Promise<CliFolder> {
  const opened = await openCliFolder();
  open.push(opened);
  const { spec: text, data } = colours({ rows: 120, more: `${search}${sampling}${more}` });
  await opened.write(spec, text);
  await opened.write("data.csv", data);
  opened.script((request, { trial }) => {
    const heat = Math.round(10 * Number(request.parameters["temperature"] ?? 0));
    const row = rowOf(trial?.example);
    return labelOf(row + ((row * 7 + heat * 3) % 20 < heat + 2 ? 1 : 0));
  });
  return opened;
}

async function run(opened: CliFolder, ...flags: string[]) {
  const { code, stdout, stderr } = await opened.run("run", spec, "--json", ...flags);
  expect(stderr).not.toMatch(/Error/);
  return { code, summary: JSON.parse(stdout) as RunSummary };
}

const warm = /^The search is warm-started from (\d+) earlier runs?, ([\d,]+) trials; its finalists race on rows/;
const noteOf = ({ notes }: RunSummary) => notes.find((note) => warm.test(note));

describe("a search over parameters", () => {
  it("starts from what earlier runs of the file measured on its rows, and says so", async () => {
    const opened = await folder();
    const first = await run(opened);
    expect(first.code).toBe(0);
    expect(noteOf(first.summary)).toBeUndefined();
    expect(first.summary.verdict.explanation).toContain("finalists of the search were raced on the 100 rows");

    const second = await run(opened, "--no-cache");
    const [, runs, trials] = warm.exec(noteOf(second.summary) ?? "") ?? [];
    // Eight configurations of 20 rows each; the race's rows are not among them.
    expect([runs, trials]).toEqual(["1", "160"]);
    const third = await run(opened);
    const [, moreRuns, moreTrials] = warm.exec(noteOf(third.summary) ?? "") ?? [];
    expect([moreRuns, moreTrials]).toEqual(["2", "320"]);
    expect((await opened.run("show", third.summary.run)).stdout).toContain("warm-started from 2 earlier runs");
  });

  it("decides the same when it is stopped and resumed, though more has been measured since", async () => {
    const opened = await folder();
    await run(opened);
    const whole = await run(opened, "--no-cache");
    const other = await folder();
    await run(other);
    const cut = await run(other, "--no-cache", "--max-calls", "70");
    expect(cut.summary.status).not.toBe("finished");
    // Another run of the file in between must not change what this one started with.
    await run(other, "--no-cache");
    const { stdout } = await other.run("run", spec, "--resume", cut.summary.run, "--json", "--max-calls", "100000");
    const resumed = JSON.parse(stdout) as RunSummary;
    expect(noteOf(resumed)).toBe(noteOf(whole.summary));
    expect(resumed.verdict).toEqual(whole.summary.verdict);
  });

  it("takes nothing from runs whose prompt or scoring was another", async () => {
    const opened = await folder();
    await run(opened);
    const { spec: text } = colours({ more: search + sampling });
    await opened.write(spec, text.replace("Which colour?", "What colour is it?"));
    expect(noteOf((await run(opened)).summary)).toBeUndefined();
  });

  it("counts a run of another mode on the rows of the search alone", async () => {
    const opened = await folder();
    await run(opened, "--sampling", "fixed", "--layouts", "standard");
    const [, runs, trials] = warm.exec(noteOf((await run(opened)).summary) ?? "") ?? [];
    expect([runs, trials]).toEqual(["1", "220"]);
  });
});

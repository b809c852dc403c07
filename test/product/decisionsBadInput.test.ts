import { afterEach, describe, expect, it } from "vitest";
import type { RunSummary } from "../../src/engine/runner/events.ts";
import { type CliFolder, colours, openCliFolder } from "../support/cli.ts";
import { labelOf, rowOf } from "../support/engine.ts";

const open: CliFolder[] = [];
async function folder(files: Readonly<Record<string, string>> = {}): Promise<CliFolder> {
  const opened = await openCliFolder();
  open.push(opened);
  for (const [name, text] of Object.entries(files)) await opened.write(name, text);
  return opened;
}
afterEach(async () => {
  for (const opened of open.splice(0)) await opened.close();
});

const csv = (count: number, row: (i: number) => string, head = "id,a,b") =>
  `${head}\n${Array.from({ length: count }, (_, i) => `r${i},${row(i)}`).join("\n")}\n`;

describe("a table to decide", () => {
  it.each([
    ["one row", csv(1, () => "1,0"), "The only row is done: a is best on it. One row says nothing about others.", 0],
    ["one column", csv(5, () => "1", "id,a"), "a is the only layout, so there is nothing to compare", 0],
    ["all right", csv(80, () => "1,1"), "Every answer was right: harder rows would tell more.", 0],
    ["all wrong", csv(80, () => "0,0"), "Every answer scored 0: check the expected answers", 0],
    ["all tied at half", csv(80, (i) => `${i % 2},${i % 2}`), "Layout hardly matters here", 0],
    ["nothing but gaps", csv(9, () => ",1"), "No row could be answered, so nothing is known.", 3],
  ])("with %s", async (_, text, wanted, code) => {
    const opened = await folder({ "scores.csv": text });
    const result = await opened.run("decide", "scores.csv");
    expect(result).toMatchObject({ code, stderr: "" });
    expect(result.stdout).toContain(wanted);
    expect(result.stdout).not.toMatch(/NaN|undefined|Infinity/);
    expect(JSON.parse((await opened.run("decide", "scores.csv", "--json")).stdout)).toMatchObject({
      schema: "layoutlab/decide@1",
    });
  });

  it.each([
    ["a score above 1", csv(1, () => "1.5,0"), [], "scores.csv:2:2: Column a: 1.5 is not between 0 and 1"],
    ["a score below 0", csv(1, () => "0,-1"), [], "scores.csv:2:3: Column b: -1 is not between 0 and 1"],
    ["a word for a score", csv(1, () => "good,0"), [], "scores.csv:2:2: Column a: good is not a number"],
    ["a row twice", "id,a,b\nx,1,0\nx,1,1\n", [], "scores.csv:3:1: The id x stands on line 2 already"],
    ["a margin of 1", csv(3, () => "1,0"), ["--equivalence", "1"], "An equivalence margin of 1 is not possible"],
    [
      "a margin above 1",
      csv(3, () => "1,0"),
      ["--equivalence", "2"],
      '--equivalence is "2": give a number from 0 to 1',
    ],
  ])("is refused with %s", async (_, text, flags, wanted) => {
    const opened = await folder({ "scores.csv": text });
    const { code, stdout, stderr } = await opened.run("decide", "scores.csv", ...flags);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(wanted);
  });

  it("with gaps in one column alone is decided on the other rows, and warns", async () => {
    const opened = await folder({ "scores.csv": csv(90, (i) => (i % 3 === 0 ? ",1" : "1,0")) });
    const { stdout } = await opened.run("decide", "scores.csv");
    expect(stdout).toContain("Verdict: a wins");
    expect(stdout).toContain("Note: 30 rows lack a score and count for no layout.");
    expect(stdout).toContain("Note: Rows are missing for a (30 of 90 rows) far more often than for the others.");
  });

  it.each(["adaptive", "full", "fixed", "doubling", "bandit", "bayes", "halving"])(
    "in %s mode, either scope",
    async (mode) => {
      const opened = await folder({ "scores.csv": csv(120, (i) => `${Number(i % 10 < 9)},${Number(i % 10 < 5)}`) });
      for (const scope of ["dataset", "population"]) {
        const { stdout, code } = await opened.run("decide", "scores.csv", "--mode", mode, "--scope", scope, "--json");
        const { verdict } = JSON.parse(stdout) as RunSummary;
        expect(code).toBe(0);
        expect(verdict.winner).toBe("a");
        if (mode === "adaptive") expect(verdict.scope).toBe(scope);
      }
    },
  );
});

describe("a run whose rows fail for one layout only", () => {
  it("counts them for none, and says whose failures they are", async () => {
    const { spec, data } = colours({ rows: 90, more: "limits: { retries: 0 }\nsampling: { mode: full }\n" });
    const opened = await folder({ "colours.layout.yaml": spec, "data.csv": data });
    opened.script((_request, { trial }) => {
      const row = rowOf(trial?.example);
      if (trial?.layout === "sandwich" && row % 3 === 0)
        return {
          kind: "unavailable",
          reason: "server",
          status: 500,
          message: "down",
          retryAfterMs: undefined,
          body: undefined,
        };
      return labelOf(row + (trial?.layout === "standard" && row % 4 === 1 ? 1 : 0));
    });
    const { code, stdout } = await opened.run("run", "colours.layout.yaml", "--json");
    const summary = JSON.parse(stdout) as RunSummary;
    expect([0, 3]).toContain(code);
    expect(summary.variants.map(({ trials }) => trials)).toEqual([60, 60]);
    expect(summary.notes.join(" ")).toMatch(
      /30 trials could not be had .*count for no layout\. Rows are missing for sandwich\S* \(30 of/,
    );
  });
});

describe("a dataset with the same row twice", () => {
  it("is told before anything is asked, and the race goes on", async () => {
    const { spec, data } = colours({ rows: 12 });
    const opened = await folder({ "colours.layout.yaml": spec, "data.csv": `${data}r3,item number 3,${labelOf(3)}\n` });
    const checked = await opened.run("validate", "colours.layout.yaml");
    expect(checked.stdout + checked.stderr).toMatch(/r3/);
  });
});

import { afterEach, describe, expect, it } from "vitest";
import type { RunSummary } from "../../src/engine/runner/events.ts";
import { type CliFolder, colours, openCliFolder } from "../support/cli.ts";
import { labelOf, rowOf } from "../support/engine.ts";

const open: CliFolder[] = [];
async function folder(options: Parameters<typeof colours>[0] = {}): Promise<CliFolder> {
  const opened = await openCliFolder();
  open.push(opened);
  const { spec, data } = colours(options);
  await opened.write("colours.layout.yaml", spec);
  await opened.write("data.csv", data);
  return opened;
}
afterEach(async () => {
  for (const opened of open.splice(0)) await opened.close();
});

const spec = "colours.layout.yaml";

async function runs(opened: CliFolder, ...flags: string[]) {
  const { code, stdout, stderr } = await opened.run("run", spec, "--json", ...flags);
  expect(stderr).not.toMatch(/Error|undefined|NaN/);
  const summary = JSON.parse(stdout) as RunSummary;
  // The text must be sound too, and nothing may be a number that JSON cannot carry.
  const text = (await opened.run("show", summary.run)).stdout;
  expect(text).not.toMatch(/NaN|undefined|Infinity|null/);
  return { code, summary, text };
}

/** Halving must name one, and says that it proves nothing. */
function expectNoWinner({ verdict }: RunSummary): void {
  if (verdict.kind === "winner") expect(verdict.guaranteed).toBe(false);
  else expect(["equivalent", "undecided"]).toContain(verdict.kind);
}

const modes = ["adaptive", "full", "fixed", "doubling", "bandit", "halving"] as const;

describe.each(modes)("%s sampling", (mode) => {
  it("takes a dataset of one row", async () => {
    // Halving needs a call for each variant in each round.
    const { code, summary } = await runs(
      await folder({ rows: 1 }),
      "--sampling",
      mode,
      ...(mode === "halving" ? ["--layouts", "standard"] : []),
    );
    expect([0, 3]).toContain(code);
    expect(summary.status).toBe("finished");
    expect(summary.examples).toBe(1);
    expect(code === 0).toBe(summary.verdict.kind !== "undecided");
  });

  it("takes a single variant", async () => {
    const { summary, text } = await runs(await folder(), "--sampling", mode, "--layouts", "standard");
    expect(summary.status).toBe("finished");
    expect(summary.variants).toHaveLength(1);
    expect(text).toContain("standard");
  });

  it("says that all are as good when all are right", async () => {
    const { summary } = await runs(await folder({ rows: 300 }), "--sampling", mode);
    expect(summary.status).toBe("finished");
    expect(summary.variants.every((variant) => variant.accuracy === 1)).toBe(true);
    expectNoWinner(summary);
    if (mode === "adaptive") expect(summary.verdict.kind).toBe("equivalent");
  });

  it("says the same when all are wrong, and divides by none", async () => {
    const opened = await folder({ rows: 300 });
    opened.script((_request, { trial }) => labelOf(rowOf(trial?.example) + 1));
    const { summary, text } = await runs(opened, "--sampling", mode);
    expect(summary.variants.every((variant) => variant.accuracy === 0 && variant.tokensPerCorrect === null)).toBe(true);
    expectNoWinner(summary);
    expect(text).toMatch(/standard +\d+ +0\.0 %/);
  });

  it("names no winner where all are tied at half", async () => {
    const opened = await folder({ rows: 300 });
    opened.script((_request, { trial }) => labelOf(rowOf(trial?.example) + (rowOf(trial?.example) % 2)));
    const { summary } = await runs(opened, "--sampling", mode);
    expect(new Set(summary.variants.map((variant) => variant.correct / Math.max(1, variant.trials)))).toHaveProperty(
      "size",
      1,
    );
    expectNoWinner(summary);
  });

  it("counts answers that cannot be read as wrong, and shows how many", async () => {
    const opened = await folder({ rows: 40 });
    opened.script(() => "I would rather not say.");
    const { summary, text } = await runs(opened, "--sampling", mode);
    expect(summary.variants.every((variant) => variant.unparsable === variant.trials)).toBe(true);
    expect(text).toContain("unreadable");
  });
});

describe("a margin", () => {
  it.each(["1", "1.5", "-0.1", "wide"])("of %s is refused at its place", async (margin) => {
    const opened = await folder({ more: `sampling: { equivalence: ${margin} }\n` });
    const { code, stderr } = await opened.run("run", spec);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^colours\.layout\.yaml:11:26: sampling\.equivalence is /);
    expect(await opened.files()).toEqual(["colours.layout.yaml", "data.csv"]);
  });
});

describe("a resumed run", () => {
  it("will not go on over other data, and says what to do", async () => {
    const opened = await folder();
    await opened.run("run", spec, "--sampling", "full", "--max-calls", "5");
    await opened.write("data.csv", colours({ rows: 13 }).data);
    const asked = opened.asked.length;
    const { code, stderr } = await opened.run("run", "--resume");
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^colours\.layout\.yaml or its data changed since run \S+: start a new run: answers to unchanged prompts come from the cache\n$/,
    );
    expect(opened.asked).toHaveLength(asked);
  });

  it("will not go on with another prompt", async () => {
    const opened = await folder();
    await opened.run("run", spec, "--sampling", "full", "--max-calls", "5");
    await opened.write(spec, colours().spec.replace("Which colour?", "What colour is it?"));
    expect((await opened.run("run", spec, "--resume")).stderr).toContain("changed since run");
  });

  it("goes on with other limits in the file", async () => {
    const opened = await folder({ more: "sampling: { mode: full }\nlimits: { maxCalls: 5 }\n" });
    expect((await opened.run("run", spec)).code).toBe(3);
    await opened.write(spec, colours({ more: "sampling: { mode: full }\nlimits: { maxCalls: 50 }\n" }).spec);
    const { stdout } = await opened.run("run", spec, "--resume", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ status: "finished", requests: { sent: 24 } });
    expect(opened.asked).toHaveLength(24);
  });

  it("has nothing to do once it is finished", async () => {
    const opened = await folder();
    await opened.run("run", spec);
    const { runs: all } = JSON.parse((await opened.run("runs", "--json")).stdout) as { runs: { run: string }[] };
    const { code, stderr } = await opened.run("run", "--resume", all[0]?.run ?? "");
    expect({ code, stderr }).toEqual({ code: 2, stderr: `run ${all[0]?.run} is finished: start a new run\n` });
  });
});

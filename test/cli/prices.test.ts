import { afterEach, describe, expect, it } from "vitest";
import { type CliFolder, colours, openCliFolder } from "../support/cli.ts";

let opened: CliFolder | undefined;

afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

const spec = "colours.layout.yaml";

async function folder(): Promise<CliFolder> {
  opened = await openCliFolder();
  const { spec: text, data } = colours();
  await opened.write(spec, text.replace("scripted:a", "openai:ours"));
  await opened.write("data.csv", data);
  return opened;
}

const own = `asOf: 2026-11-01
source: our contract
prices:
  openai:ours: { prompt: 1000, completion: 1000 }
  openai/gpt-4o: { prompt: 2, completion: 9 }
`;

describe("the prices of a workspace", () => {
  it("stand over the built-in ones, and are listed with whose word they are", async () => {
    const lab = await folder();
    const before = await lab.run("prices");
    expect(before.stdout).toMatch(/openai:gpt-4o +2\.5 +1\.25 +10 +built-in/);
    expect(before.stdout).toContain("Built-in: developers.openai.com/api/docs/pricing, standard tier, as of ");
    expect(before.stdout).toContain("Your own: .layoutlab/prices.yaml, such as");
    await lab.write(".layoutlab/prices.yaml", own);
    const after = await lab.run("prices");
    expect(after.stdout).toMatch(/openai:gpt-4o +2 +– +9 +\.layoutlab\/prices\.yaml/);
    expect(after.stdout).toMatch(/openai:ours +1000 /);
    expect(after.stdout).toContain("Your own: .layoutlab/prices.yaml (2026-11-01, our contract).");
    const { prices } = JSON.parse((await lab.run("prices", "--json")).stdout);
    expect(prices.filter((each: { model: string }) => each.model === "openai:gpt-4o")).toEqual([
      { model: "openai:gpt-4o", prompt: 2, completion: 9, from: "file" },
    ]);
  });

  it("make an estimate known that was not, and never take the unknown for 0", async () => {
    const lab = await folder();
    expect(JSON.parse((await lab.run("estimate", spec, "--json")).stdout)).toMatchObject({
      cost: null,
      unpriced: ["openai:ours"],
    });
    await lab.write(".layoutlab/prices.yaml", own);
    const { cost, unpriced } = JSON.parse((await lab.run("estimate", spec, "--json")).stdout);
    expect(unpriced).toEqual([]);
    expect(cost).toBeGreaterThan(0);
    // A flag's price stands over the file's.
    const flagged = await lab.run("estimate", spec, "--json", "--price", "openai:ours=2000/2000");
    expect(JSON.parse(flagged.stdout).cost).toBeCloseTo(2 * cost, 6);
  });

  it("do not reach further than they say", async () => {
    const lab = await folder();
    await lab.write(".layoutlab/prices.yaml", "prices: { openai:ours: { prompt: 1, completion: 1, upTo: 3 } }\n");
    expect(JSON.parse((await lab.run("estimate", spec, "--json")).stdout)).toMatchObject({
      cost: null,
      unpriced: ["openai:ours"],
    });
  });

  it("are refused with the place of the mistake, before anything is asked", async () => {
    const lab = await folder();
    await lab.write(".layoutlab/prices.yaml", "prices:\n  openai:ours: { prompt: 1, completion: dear }\n");
    const { code, stdout, stderr } = await lab.run("run", spec);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^\.layoutlab\/prices\.yaml:2:\d+: .*completion/);
  });

  it("stand over what is free, and stop a run at its budget", async () => {
    const lab = await folder();
    const priced = [
      "run",
      spec,
      "--models",
      "builtin:reader",
      "--sampling",
      "full",
      "--price",
      "builtin:reader=1000/1000",
    ];
    const { code, stdout } = await lab.run(...priced, "--max-cost", "0.5", "--json");
    const summary = JSON.parse(stdout) as { stopped: { kind: string }; variants: { cost: number }[] };
    expect(code).toBe(3);
    expect(summary.stopped.kind).toBe("budget");
    const spent = summary.variants.reduce((sum, { cost }) => sum + cost, 0);
    expect(spent).toBeGreaterThan(0);
    expect(spent).toBeLessThanOrEqual(0.5);
  });
});

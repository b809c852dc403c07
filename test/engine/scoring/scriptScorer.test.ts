import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { ProcessPool } from "../../../src/engine/scoring/processPool.ts";
import { scriptScorer } from "../../../src/engine/scoring/scriptScorer.ts";
import { input } from "../metrics/scorers/input.ts";

let folder: string;
let pool: ProcessPool;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "layoutlab-script-"));
  pool = new ProcessPool({ size: 2, clock: systemClock });
});

afterAll(async () => {
  pool.close();
  await rm(folder, { recursive: true, force: true });
});

async function scored(script: string, more: { readonly timeout?: number; readonly expected?: string } = {}) {
  const file = path.join(folder, `${Math.random().toString(36).slice(2)}.mjs`);
  await writeFile(file, script);
  const scorer = scriptScorer("script", { file, timeout: more.timeout ?? 20_000 }, pool);
  const how = { signal: new AbortController().signal, group: "", coming: () => false };
  return scorer.judge(input("Berlin", more.expected ?? "Bonn", { fields: { country: "DE" } }), how);
}

describe("a script", () => {
  it.each([
    ["true", 1],
    ["false", 0],
    ["0.25", 0.25],
    ["({ score: 0.5, note: 'half' })", 0.5],
    ["Promise.resolve(true)", 1],
  ])("may return %s", async (returned, value) => {
    expect(await scored(`export default () => ${returned}`)).toMatchObject({ kind: "scored", value });
  });

  it("is given the answer, the right one and the row", async () => {
    const script = "export default (given) => ({ score: 1, note: JSON.stringify(given) })";
    const { note } = (await scored(script)) as { readonly note: { readonly detail: string } };
    expect(JSON.parse(note.detail)).toEqual({
      output: "Berlin",
      text: "Berlin",
      expected: "Bonn",
      fields: { country: "DE" },
    });
  });

  it.each([
    ["export default () => { throw new Error('no such city'); }", "threw", "no such city"],
    ["export default () => 7", "threw", "it returned 7: return true, false, a number from 0 to 1, or { score, note }"],
    ["export const score = 1", "threw", "it has no function as its default export"],
    ["export default () => { process.exit(3); }", "threw", "its process ended unexpectedly"],
  ])("that fails fails its item only: %s", async (script, kind, detail) => {
    expect(await scored(script)).toEqual({ kind: "scored", value: 0, note: { kind, detail } });
    expect(await scored("export default () => true")).toMatchObject({ value: 1 });
  });

  it("that hangs is killed, and the next one runs", async () => {
    expect(await scored("export default () => { for (;;); }", { timeout: 300 })).toEqual({
      kind: "scored",
      value: 0,
      note: { kind: "timedOut", detail: "the script took longer than 0.3 s" },
    });
    expect(await scored("export default () => new Promise(() => {})", { timeout: 300 })).toMatchObject({
      note: { kind: "timedOut" },
    });
    expect(await scored("export default () => true")).toMatchObject({ value: 1 });
  });

  it("sees none of this process's secrets", async () => {
    process.env["OPENAI_API_KEY_OF_TEST"] = "secret";
    const script =
      "export default () => ({ score: 1, note: Object.keys(process.env).filter((n) => /KEY|TOKEN/.test(n)).join() })";
    expect(await scored(script)).toMatchObject({ note: { detail: "" } });
    delete process.env["OPENAI_API_KEY_OF_TEST"];
  });
});

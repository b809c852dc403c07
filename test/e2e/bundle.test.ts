import { spawnSync } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { buildCli } from "./support.ts";

const root = path.join(import.meta.dirname, "..", "..");
const dist = path.join(root, "dist");

describe("the built command line", () => {
  let cli = "";
  beforeAll(() => {
    cli = buildCli();
  });

  it("starts without loading the engine", async () => {
    const { version } = JSON.parse(await readFile(path.join(root, "package.json"), "utf8"));
    const { stdout, status } = spawnSync(process.execPath, [cli, "--version"], {
      encoding: "utf8",
    });
    expect({ stdout, status }).toEqual({ stdout: `${version}\n`, status: 0 });
    let bytes = 0;
    const seen = new Set<string>();
    const add = async (file: string): Promise<void> => {
      if (seen.has(file)) return;
      seen.add(file);
      bytes += (await stat(file)).size;
      for (const [, chunk] of (await readFile(file, "utf8")).matchAll(/^(?:import|export)\b[^;]*?"(\.[^"]+\.js)"/gm))
        await add(path.resolve(path.dirname(file), chunk ?? ""));
    };
    await add(path.join(dist, "cli-main.js"));
    expect(seen.size).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(400_000);
  });

  it("is a program for any Node, marked as one", async () => {
    const text = await readFile(cli, "utf8");
    expect(text.startsWith("#!/usr/bin/env node\n")).toBe(true);
    expect(text).not.toMatch(/\?\?|\?\./);
  });
});

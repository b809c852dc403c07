import path from "node:path";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";

const root = path.join(import.meta.dirname, "../..");

describe("the extension's entry", () => {
  it("is under 100 KB as it ships, and holds no library of the engine", async () => {
    const { metafile, outputFiles } = await build({
      absWorkingDir: root,
      entryPoints: ["src/vscode/extension.ts"],
      bundle: true,
      minify: true,
      platform: "node",
      format: "esm",
      target: "node22",
      external: ["vscode"],
      metafile: true,
      write: false,
    });
    const [entry] = outputFiles;
    expect(entry?.contents.length).toBeLessThan(100_000);
    const inputs = Object.keys(metafile.inputs);
    expect(inputs.filter((input) => input.startsWith("node_modules/"))).toEqual([]);
    // What it takes of the engine are a few words and shapes, and nothing that reads a file or knows a model.
    expect(inputs.filter((input) => input.startsWith("src/engine/")).sort()).toEqual([
      "src/engine/gpu/words.ts",
      "src/engine/spec/diagnostic.ts",
    ]);
  });
});

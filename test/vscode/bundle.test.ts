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
      splitting: true,
      outdir: "dist",
      metafile: true,
      write: false,
    });
    const outputs = Object.entries(metafile.outputs);
    const [name, entry] = outputs.find(([, { entryPoint }]) => entryPoint === "src/vscode/extension.ts") ?? [];
    // What the entry imports at once is read with it.
    const atOnce = new Set([
      name,
      ...(entry?.imports ?? []).flatMap((one) => (one.kind === "import-statement" ? one.path : [])),
    ]);
    const sizes = outputs.map(([file, { bytes }]) => (atOnce.has(file) ? bytes : 0));
    expect(outputFiles.length).toBeGreaterThan(1);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(100_000);
    const inputs = Object.keys(metafile.inputs);
    expect(inputs.filter((input) => input.startsWith("node_modules/"))).toEqual([]);
    // What it takes of the engine are a few words and shapes, and nothing that reads a file or knows a model.
    expect(inputs.filter((input) => input.startsWith("src/engine/")).sort()).toEqual([
      "src/engine/gpu/words.ts",
      "src/engine/spec/diagnostic.ts",
    ]);
  });
});

// Builds everything that ships into dist/. Each bundle proves a boundary: the command line and the library are built
// without `vscode` as an external, so an engine file that needs the editor at run time does not build; a panel's bundle
// must hold no engine code.

import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import path from "node:path";
import * as esbuild from "esbuild";

const flags = new Set(process.argv.slice(2));
const production = flags.has("--production");
const watch = flags.has("--watch");
const only = process.argv
  .find((flag) => flag.startsWith("--only="))
  ?.slice("--only=".length)
  .split(",");

const shared = {
  bundle: true,
  sourcemap: production ? false : "linked",
  minify: production,
  metafile: true,
  logLevel: "warning",
  legalComments: "none",
};

const node = { ...shared, platform: "node", target: "node22", format: "esm" };

// Some dependencies are CommonJS and call require(); an ES module has none of its own.
const requireBanner = `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`;

const panels = existsSync("src/webview")
  ? (await readdir("src/webview", { withFileTypes: true }))
      .filter((entry) => entry.isDirectory() && existsSync(`src/webview/${entry.name}/main.ts`))
      .map((entry) => entry.name)
  : [];

/** @type {Record<string, esbuild.BuildOptions>} */
const targets = {
  cli: {
    ...node,
    entryPoints: { "cli-main": "src/cli/main.ts", scoringProcess: "src/engine/scoring/process/main.ts" },
    outdir: "dist",
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    banner: { js: requireBanner },
  },
  // Runs on any Node so that an old one gets a sentence instead of a syntax error.
  bin: {
    ...shared,
    platform: "node",
    target: "node14.18",
    format: "esm",
    bundle: false,
    metafile: true,
    sourcemap: false,
    entryPoints: ["src/cli/bin.js"],
    outfile: "dist/cli.js",
    banner: { js: "#!/usr/bin/env node" },
  },
  engine: {
    ...node,
    entryPoints: {
      engine: "src/engine/index.ts",
      engineWorker: "src/engine/worker/main.ts",
      scoringProcess: "src/engine/scoring/process/main.ts",
    },
    outdir: "dist",
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    banner: { js: requireBanner },
  },
  extension: {
    ...node,
    external: ["vscode"],
    entryPoints: { extension: "src/vscode/extension.ts" },
    outdir: "dist",
    // What few people use is read when it is used.
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
  },
  webview: {
    ...shared,
    platform: "browser",
    target: "chrome142",
    format: "iife",
    entryPoints: Object.fromEntries(panels.map((name) => [name, `src/webview/${name}/main.ts`])),
    outdir: "dist/webview",
    loader: { ".css": "text" },
  },
};

/** What a bundle must not contain, checked on every build. */
const forbidden = {
  cli: [/^src\/vscode\//, /^src\/webview\//],
  engine: [/^src\/vscode\//, /^src\/cli\//, /^src\/webview\//],
  webview: [/^src\/engine\//, /^src\/vscode\//, /^src\/cli\//],
  extension: [
    /^src\/cli\//,
    /^src\/webview\//,
    /^node_modules\/(openai|ollama|zod|yaml|papaparse|ajv|gpt-tokenizer|undici)\//,
  ],
};

function checkBoundaries(name, metafile) {
  for (const input of Object.keys(metafile.inputs)) {
    const rule = forbidden[name]?.find((pattern) => pattern.test(input));
    if (rule) throw new Error(`${name}: the bundle contains ${input}, which it must not (${rule})`);
  }
}

async function copyAssets() {
  await mkdir("dist/webview", { recursive: true });
  await copyFile("node_modules/@vscode/codicons/dist/codicon.css", "dist/webview/codicon.css");
  await copyFile("node_modules/@vscode/codicons/dist/codicon.ttf", "dist/webview/codicon.ttf");
}

const chosen = Object.entries(targets).filter(
  ([name, options]) =>
    (only?.includes(name) ?? true) &&
    Object.values(Array.isArray(options.entryPoints) ? options.entryPoints : (options.entryPoints ?? {})).every(
      (entry) => existsSync(entry),
    ),
);

if (!only) await rm("dist", { recursive: true, force: true });
await mkdir("dist", { recursive: true });
for (const [name, options] of chosen) {
  if (watch) {
    const context = await esbuild.context({
      ...options,
      plugins: [
        {
          name: "report",
          setup(build) {
            build.onEnd((result) => {
              if (result.errors.length === 0) console.log(`built ${name}`);
            });
          },
        },
      ],
    });
    await context.watch();
    continue;
  }
  const result = await esbuild.build(options);
  checkBoundaries(name, result.metafile);
  if (flags.has("--sizes")) {
    for (const [file, output] of Object.entries(result.metafile.outputs)) {
      if (!file.endsWith(".map"))
        console.log(`${(output.bytes / 1024).toFixed(1).padStart(9)} KiB  ${path.relative(".", file)}`);
    }
  }
}
if (chosen.some(([name]) => name === "webview")) await copyAssets();

import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";

/** Licences whose terms a notice fulfils. */
const accepted = new Set([
  "MIT",
  "ISC",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "0BSD",
  "CC-BY-4.0",
  "BlueOak-1.0.0",
]);

interface PackageFacts {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly homepage?: string;
}

/**
 * The notices of every package that is bundled into the extension, found by bundling it. Rejects when one comes under a licence
 * that nobody has looked at.
 */
export async function notices(root: string): Promise<string> {
  const folders = [...(await bundledPackages(root)), "node_modules/@vscode/codicons"].sort();
  const sections = await Promise.all([...new Set(folders)].map((folder) => section(path.join(root, folder))));
  const intro = "Layout Lab contains the following third-party software.";
  return `${[intro, ...sections].join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

async function bundledPackages(root: string): Promise<readonly string[]> {
  const panels = (await readdir(path.join(root, "src/webview"), { withFileTypes: true }))
    .map((entry) => `src/webview/${entry.name}/main.ts`)
    .filter((file) => existsSync(path.join(root, file)));
  const shared = { absWorkingDir: root, bundle: true, write: false, metafile: true, logLevel: "error" } as const;
  const results = await Promise.all([
    build({
      ...shared,
      platform: "node",
      format: "esm",
      splitting: true,
      outdir: "out",
      entryPoints: ["src/vscode/extension.ts", "src/engine/worker/main.ts"],
      external: ["vscode"],
    }),
    build({ ...shared, platform: "browser", outdir: "out", entryPoints: panels, loader: { ".css": "text" } }),
  ]);
  const folders = new Set<string>();
  for (const { metafile } of results) {
    for (const input of Object.keys(metafile.inputs)) {
      const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
      if (folder !== undefined) folders.add(folder);
    }
  }
  return [...folders];
}

async function section(folder: string): Promise<string> {
  const facts = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8")) as PackageFacts;
  const licence = facts.license ?? "none";
  if (!accepted.has(licence)) throw new Error(`${facts.name} comes under ${licence}; look at it before it ships`);
  const files = (await readdir(folder)).filter((name) => /^(licen[cs]e|notice|copying)/i.test(name));
  const texts = await Promise.all(files.map((name) => readFile(path.join(folder, name), "utf8")));
  const heading = [`${facts.name} ${facts.version}`, facts.homepage, `Licence: ${licence}`].filter(Boolean).join("\n");
  return [heading, ...texts.map((text) => text.trim())].join("\n\n");
}

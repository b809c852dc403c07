/**
 * Makes the .vsix from a built dist/. It is packed from a folder that holds only what ships: the manifest without what is for
 * npm, the bundles with the chunks they reach, and the licences of everything bundled. Fails when it grows too big.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { notices } from "./notices.ts";

const root = path.join(import.meta.dirname, "..");
const limit = 5_000_000;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly [key: string]: unknown;
}

/** Keys of package.json that mean nothing to an editor, or that its packer does not take beside .vscodeignore. */
const forNpm = ["files", "bin", "exports", "scripts", "dependencies", "devDependencies"];

const manifest = JSON.parse(await readFile(path.join(root, "package.json"), "utf8")) as Manifest;
const stage = await mkdtemp(path.join(tmpdir(), "layoutlab-package-"));
try {
  await writeFile(
    path.join(stage, "package.json"),
    JSON.stringify(Object.fromEntries(Object.entries(manifest).filter(([key]) => !forNpm.includes(key))), undefined, 2),
  );
  for (const name of [
    "package.nls.json",
    ".vscodeignore",
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
    "media",
    "schemas",
  ]) {
    if (existsSync(path.join(root, name))) await cp(path.join(root, name), path.join(stage, name), { recursive: true });
  }
  await writeFile(path.join(stage, "ThirdPartyNotices.txt"), await notices(root));
  const bundles = [
    "extension.js",
    "engineWorker.js",
    "scoringProcess.js",
    ...(await readdir(path.join(root, "dist/webview"))).map((name) => `webview/${name}`),
  ];
  for (const file of await reached(bundles)) {
    await mkdir(path.dirname(path.join(stage, "dist", file)), { recursive: true });
    await cp(path.join(root, "dist", file), path.join(stage, "dist", file));
  }
  const out = path.join(root, `${manifest.name}-${manifest.version}.vsix`);
  await rm(out, { force: true });
  const packed = spawnSync(
    process.execPath,
    [
      path.join(root, "node_modules/@vscode/vsce/vsce"),
      "package",
      "--no-dependencies",
      "--allow-missing-repository",
      "--no-rewrite-relative-links",
      ...["--out", out],
    ],
    { cwd: stage, stdio: "inherit" },
  );
  if (packed.status !== 0) throw new Error(`vsce ended with ${packed.status}`);
  const { size } = await stat(out);
  console.log(`${path.relative(root, out)}: ${(size / 1e6).toFixed(2)} MB`);
  if (size >= limit) throw new Error(`the package is ${size} bytes; it must stay under ${limit}`);
} finally {
  await rm(stage, { recursive: true, force: true });
}

/** The files of dist/ that these import, directly or not, and themselves. */
async function reached(entries: readonly string[]): Promise<ReadonlySet<string>> {
  const found = new Set(entries);
  for (const file of found) {
    if (!file.endsWith(".js") || file.startsWith("webview/")) continue;
    const text = await readFile(path.join(root, "dist", file), "utf8");
    for (const [, name = ""] of text.matchAll(/["'](\.{1,2}\/[\w./-]+\.js)["']/g)) {
      const target = path.posix.join(path.posix.dirname(file), name);
      if (existsSync(path.join(root, "dist", target))) found.add(target);
    }
  }
  return found;
}

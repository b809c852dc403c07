import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { UserError } from "../../src/base/errors.ts";
import { runAsMain } from "./main.ts";

/** A VS Code that tests run in: the code-server package that carries its workbench and extension host, and the Node that host expects. */
export interface Release {
  readonly codeServer: string;
  readonly node: string;
}

/** `stable` is today's VS Code; `floor` is the oldest that `engines.vscode` in package.json promises. */
export const releases = {
  stable: { codeServer: "4.139.1", node: "24.21.0" },
  floor: { codeServer: "4.110.0", node: "22.23.3" },
} as const satisfies Record<string, Release>;

export type ReleaseName = keyof typeof releases;

/** The release a person named; trouble they can fix when there is none of that name. */
export function releaseNamed(name: string): ReleaseName {
  if (name === "stable" || name === "floor") return name;
  throw new UserError("vscode.release", `There is no VS Code release named ${name}`, "say stable or floor");
}

export interface Installation {
  readonly node: string;
  readonly serverMain: string;
}

/** Everything fetched for the tests lives here, outside package.json and outside git. */
export const cacheFolder = resolve(
  process.env["LAYOUTLAB_VSCODE_DIR"] ?? join(import.meta.dirname, "../../.vscode-test"),
);

/** Fetches a release from npm unless it is there already. Safe to call from several processes at once. */
export async function installVSCode(name: ReleaseName, log: (line: string) => void): Promise<Installation> {
  const release = releases[name];
  const folder = join(cacheFolder, `code-server-${release.codeServer}`);
  if (!existsSync(folder)) {
    log(`Fetching VS Code (code-server ${release.codeServer} from npm) into ${folder}: once, about half a minute.`);
    await fetchRelease(release, folder);
  }
  return {
    node: join(folder, "node_modules", nodePackage(), "bin", "node"),
    serverMain: join(vscodeFolder(folder), "out", "server-main.js"),
  };
}

/** Builds the release beside its final place and renames it at the end: a folder with the final name is always whole. */
async function fetchRelease(release: Release, folder: string): Promise<void> {
  const partial = `${folder}.${process.pid}.partial`;
  try {
    await mkdir(partial, { recursive: true });
    await writeFile(join(partial, "package.json"), '{"private": true}\n');
    await npmInstall(partial, [`code-server@${release.codeServer}`, `${nodePackage()}@${release.node}`]);
    await npmInstall(vscodeFolder(partial), ["--omit=dev"]);
    await writeFile(join(vscodeFolder(partial), "node_modules/@vscode/spdlog/index.js"), spdlogWithoutCompiler);
    // Copilot and its agents have no part in the tests; without them the workbench starts quicker and quieter.
    await rm(join(vscodeFolder(partial), "extensions/copilot"), { recursive: true, force: true });
    await rename(partial, folder);
  } catch (error) {
    // Another process that installed the same release meanwhile has won the rename; its copy is as good.
    if (!existsSync(folder)) throw error;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

function vscodeFolder(folder: string): string {
  return join(folder, "node_modules/code-server/lib/vscode");
}

function nodePackage(): string {
  return `node-${process.platform}-${process.arch}`;
}

/** `--ignore-scripts` leaves native modules unbuilt, so that no compiler is needed; those in use here come prebuilt. */
function npmInstall(folder: string, args: readonly string[]): Promise<void> {
  const flags = ["--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"];
  return new Promise((resolve, reject) => {
    const npm = spawn("npm", ["install", "--prefix", folder, ...flags, ...args], {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let errors = "";
    npm.stderr.on("data", (data: Buffer) => {
      errors += data;
    });
    npm.on("error", (error) => reject(unfetched(error.message)));
    npm.on("close", (code) =>
      code === 0 ? resolve() : reject(unfetched(reasonIn(errors) ?? `npm ended with ${code}`)),
    );
  });
}

/** The first line in which npm says what happened, after its codes. */
function reasonIn(errors: string): string | undefined {
  const lines = errors.split("\n").map((line) => line.replace(/^npm error /, ""));
  return lines.find((line) => line !== "" && !/^(code|errno|syscall) /.test(line));
}

function unfetched(reason: string): UserError {
  const action = "check the connection to the npm registry, or name a desktop VS Code in VSCODE_EXECUTABLE";
  return new UserError("vscode.unfetched", `VS Code for the tests could not be fetched: ${reason}`, action);
}

/**
 * Stands in for the native logger, which VS Code would otherwise have to compile. The Output panel reads the files
 * that it writes, so the stand-in writes them too; it need not rotate them.
 */
const spdlogWithoutCompiler = `
const fs = require("node:fs");
const path = require("node:path");
class Logger {
  constructor(file) { this.file = file; this.level = 0; this.plain = false; }
  getLevel() { return this.level; }
  setLevel(level) { this.level = level; }
  setPattern() {}
  clearFormatters() { this.plain = true; }
  flush() {}
  drop() {}
  write(level, name, message) {
    if (level < this.level) return;
    const now = new Date(Date.now() - new Date().getTimezoneOffset() * 60000).toISOString().slice(0, 23).replace("T", " ");
    fs.appendFileSync(this.file, this.plain ? message : now + " [" + name + "] " + message + "\\n");
  }
}
["trace", "debug", "info", "warning", "error", "critical"].forEach((name, level) => {
  Logger.prototype[name === "warning" ? "warn" : name] = function (message) { this.write(level, name, message); };
});
exports.version = 0;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.Logger = Logger;
exports.createRotatingLogger = async (_name, file) => {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  return new Logger(file);
};
exports.createAsyncRotatingLogger = exports.createRotatingLogger;
`;

if (import.meta.main) {
  runAsMain(async (write) => {
    const names = process.argv.length > 2 ? process.argv.slice(2) : ["stable"];
    for (const name of names.map(releaseNamed)) {
      const { serverMain } = await installVSCode(name, write);
      write(`${name}: ${serverMain}`);
    }
  });
}

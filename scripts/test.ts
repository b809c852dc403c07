/**
 * Every test, as `npm test` runs them: the bundles are built first, because some tests drive the built command line and the
 * extension; then vitest, then the suites inside a real VS Code. Ends with one line of counts.
 */
import { spawn } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";

const root = path.join(import.meta.dirname, "..");
const report = path.join(root, "test-output", "vitest.json");

/** Runs a program of this project with its output shown; gives its exit code and what it printed. */
function run(args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk;
      process.stdout.write(chunk);
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

function mochaCount(output: string, word: "passing" | "failing" | "pending"): number {
  return [...output.matchAll(new RegExp(`^\\s*(\\d+) ${word}`, "gm"))].reduce(
    (sum, match) => sum + Number(match[1]),
    0,
  );
}

await mkdir(path.dirname(report), { recursive: true });
const built = await run(["esbuild.mjs"]);
if (built.code !== 0) process.exit(built.code);

const units = await run([
  "node_modules/vitest/vitest.mjs",
  "run",
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${report}`,
]);
const counts = JSON.parse(await readFile(report, "utf8")) as {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
};
const host = await run(["test/host/run.ts"]);

const passed = counts.numPassedTests + mochaCount(host.output, "passing");
const failed = counts.numFailedTests + mochaCount(host.output, "failing");
const skipped = counts.numPendingTests + mochaCount(host.output, "pending");
process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = units.code || host.code;

/**
 * Runs the tests that need a real VS Code. `*.host.ts` are the tests, bundled and run with mocha inside the extension host;
 * those under `restricted/` run a second time round, in a workspace that is not trusted.
 *
 * VSCODE_EXECUTABLE names a desktop VS Code; without it the launcher stands in with VS Code's own server and a browser.
 */
import { existsSync } from "node:fs";
import { cp, glob, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";
import { parseArgs } from "node:util";
import { runTests, TestRunFailedError } from "@vscode/test-electron";
import { build } from "esbuild";
import { type ReleaseName, releaseNamed } from "../../scripts/vscode/install.ts";
import { runAsMain } from "../../scripts/vscode/main.ts";

type Suite = "trusted" | "restricted";

const root = join(import.meta.dirname, "../..");
const output = join(root, "test-output");
const desktop = process.env["VSCODE_EXECUTABLE"];

const { values } = parseArgs({
  options: {
    grep: { type: "string", short: "g" },
    release: { type: "string", default: "stable" },
    /** Measures for as long as the figures ask. */
    full: { type: "boolean", default: false },
  },
});

runAsMain(async (write) => {
  const release = releaseNamed(values.release);
  await mkdir(join(output, "screenshots"), { recursive: true });
  // The test runner tells a desktop VS Code to trust everything, so only the launcher can show Restricted Mode.
  const suites: readonly Suite[] = desktop === undefined ? ["trusted", "restricted"] : ["trusted"];
  let worst = 0;
  for (const suite of suites) {
    worst = Math.max(worst, await runSuite(suite, release, write));
    // Failed tests end with 1; after anything else, such as an interruption, the next suite would fare no better.
    if (worst > 1) break;
  }
  process.exitCode = worst;
});

/** Runs one suite and returns the exit code of its VS Code. */
async function runSuite(suite: Suite, release: ReleaseName, write: (line: string) => void): Promise<number> {
  const started = performance.now();
  const bundles = join(output, `run-${process.pid}`, suite);
  await bundle(suite, bundles);
  const run = await mkdtemp(join(tmpdir(), "layoutlab-"));
  const userData = join(run, "data");
  const extensions = join(run, "extensions");
  const workspace = join(run, "examples");
  try {
    await cp(join(root, "examples"), workspace, { recursive: true });
    // Installed like any other extension, because the browser takes only one that is under development.
    await cp(join(root, "test/host/probe"), join(extensions, "layoutlab-tests.layoutlab-probe-0.0.1"), {
      recursive: true,
    });
    await mkdir(join(userData, "User"), { recursive: true });
    await writeFile(join(userData, "User/settings.json"), JSON.stringify(settings));
    await runTests({
      vscodeExecutablePath: desktop ?? join(root, "scripts/vscode/launcher.ts"),
      extensionDevelopmentPath: root,
      extensionTestsPath: join(bundles, "support/suite.cjs"),
      launchArgs: [workspace, `--user-data-dir=${userData}`, `--extensions-dir=${extensions}`],
      extensionTestsEnv: {
        // The launcher is a script for the Node that runs this one.
        PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"]}`,
        LAYOUTLAB_VSCODE_RELEASE: release,
        LAYOUTLAB_RESTRICTED: suite === "restricted" ? "1" : "0",
        LAYOUTLAB_SUITE: bundles,
        LAYOUTLAB_SCREENSHOTS: join(output, "screenshots"),
        LAYOUTLAB_GREP: values.grep,
        LAYOUTLAB_FULL: values.full ? "1" : undefined,
        MOCHA_COLORS: process.stdout.isTTY ? "1" : undefined,
      },
    });
    return 0;
  } catch (error) {
    if (!(error instanceof TestRunFailedError)) throw error;
    return error.code ?? 130;
  } finally {
    const log = join(userData, "workbench.log");
    if (existsSync(log)) await cp(log, join(output, `${suite}.log`));
    for (const folder of [run, dirname(bundles)]) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    write(`${suite} suite: ${seconds} s; VS Code's log is in ${relative(root, join(output, `${suite}.log`))}`);
  }
}

async function bundle(suite: Suite, outdir: string): Promise<void> {
  const tests: string[] = [];
  for await (const file of glob("test/host/**/*.host.ts", { cwd: root })) {
    if (file.startsWith("test/host/restricted/") === (suite === "restricted")) tests.push(file);
  }
  await build({
    absWorkingDir: root,
    entryPoints: ["test/host/support/suite.ts", ...tests],
    outbase: "test/host",
    outdir,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    sourcemap: "inline",
    external: ["vscode", "mocha"],
    logLevel: "warning",
  });
}

const settings = {
  "telemetry.telemetryLevel": "off",
  "workbench.startupEditor": "none",
  "workbench.reduceMotion": "on",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "extensions.ignoreRecommendations": true,
  "extensions.autoCheckUpdates": false,
  "security.workspace.trust.startupPrompt": "never",
};

/** The module that VS Code loads inside its extension host: runs the bundled tests that lie beside it with mocha. */
import { readdirSync } from "node:fs";
import { findSourceMap } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { format } from "node:util";
import Mocha from "mocha";
import { drivable, workbench } from "../../support/workbench.ts";

export async function run(): Promise<void> {
  process.setSourceMapsEnabled(true);
  const grep = process.env["LAYOUTLAB_GREP"];
  // A second try for the rare time that the window is drawn anew between a look and a click; it is told of.
  const mocha = new Mocha({ ui: "bdd", timeout: 30_000, retries: 1, ...(grep === undefined ? {} : { grep }) });
  const folder = process.env["LAYOUTLAB_SUITE"] ?? "";
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    if (file.endsWith(".host.cjs")) mocha.addFile(join(folder, file));
  }
  if (mocha.files.length === 0) throw new Error(`No tests in ${folder}`);
  let printed = Promise.resolve();
  if (drivable) {
    // The console of an extension host would reach the terminal mixed with the logs of others.
    Mocha.reporters.Base.consoleLog = (...args: unknown[]) => {
      printed = printed.then(() => workbench.print(`${format(...args)}\n`));
    };
  }
  mocha.rootHooks({ afterEach: pictureOfFailure });
  const failures = await new Promise<number>((resolve) => {
    const run = mocha.run(resolve);
    for (const outcome of ["retry", "fail"] as const) {
      run.on(outcome, (test: Mocha.Test, error: Error) => {
        if (error.stack !== undefined) error.stack = inSources(error.stack);
        if (outcome === "retry") Mocha.reporters.Base.consoleLog("    tried again: %s\n%s", test.title, error.stack);
      });
    }
  });
  await printed;
  if (failures > 0) throw new Error(`${failures} failed`);
}

/** A stack with the bundles' places turned into those of the sources, which VS Code's own stack traces keep Node from doing. */
function inSources(stack: string): string {
  return stack.replace(/([^\s(]+\.cjs):(\d+):(\d+)/g, (place, file: string, line: string, column: string) => {
    const origin = findSourceMap(file)?.findOrigin(Number(line), Number(column));
    return origin !== undefined && "fileName" in origin
      ? `${fileURLToPath(origin.fileName)}:${origin.lineNumber}:${origin.columnNumber}`
      : place;
  });
}

async function pictureOfFailure(this: Mocha.Context): Promise<void> {
  const test = this.currentTest;
  if (!drivable || test?.state !== "failed") return;
  await workbench.screenshot(`failed ${test.fullTitle().replace(/[^\w -]+/g, "-")}`);
}

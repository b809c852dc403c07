/** The module that VS Code loads inside its extension host: runs the bundled tests that lie beside it with mocha. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { format } from "node:util";
import Mocha from "mocha";
import { drivable, workbench } from "../../support/workbench.ts";

export async function run(): Promise<void> {
  const grep = process.env["LAYOUTLAB_GREP"];
  const mocha = new Mocha({ ui: "bdd", timeout: 30_000, ...(grep === undefined ? {} : { grep }) });
  const folder = process.env["LAYOUTLAB_SUITE"] ?? "";
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    if (file.endsWith(".host.cjs")) mocha.addFile(join(folder, file));
  }
  if (mocha.files.length === 0) throw new Error(`No tests in ${folder}`);
  const printed = drivable ? printThroughBrowser() : [];
  mocha.rootHooks({ afterEach: pictureOfFailure });
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  await Promise.all(printed);
  if (failures > 0) throw new Error(`${failures} failed`);
}

/** Mocha's report goes straight to the terminal; the console of an extension host reaches it mixed with the logs of others. */
function printThroughBrowser(): Promise<void>[] {
  const printed: Promise<void>[] = [];
  let last = Promise.resolve();
  Mocha.reporters.Base.consoleLog = (...args: unknown[]) => {
    last = last.then(() => workbench.print(`${format(...args)}\n`));
    printed.push(last);
  };
  return printed;
}

async function pictureOfFailure(this: Mocha.Context): Promise<void> {
  const test = this.currentTest;
  if (!drivable || test?.state !== "failed") return;
  await workbench.screenshot(`failed ${test.fullTitle().replace(/[^\w -]+/g, "-")}`);
}

#!/usr/bin/env node
/**
 * Stands where `@vscode/test-electron` expects the VS Code executable: takes the same arguments, opens the workbench of
 * a VS Code server in a headless browser, and ends with the exit code of the tests.
 */
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { UserError } from "../../src/base/errors.ts";
import { launchChromium } from "./chromium.ts";
import { serveControl } from "./control.ts";
import { controlVariable } from "./controlCall.ts";
import { installVSCode, releaseNamed } from "./install.ts";
import { runAsMain } from "./main.ts";
import { startServer } from "./server.ts";

const { values, positionals } = parseArgs({
  strict: false,
  allowPositionals: true,
  options: {
    extensionDevelopmentPath: { type: "string" },
    extensionTestsPath: { type: "string" },
    "user-data-dir": { type: "string" },
    "extensions-dir": { type: "string" },
  },
});

runAsMain(async (write) => {
  const interrupted = new Promise<number>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve(130));
    // The end of this stream is the end of the process that runs the tests, however it came.
    process.stdin.on("end", () => resolve(130)).resume();
  });
  const dataFolder = text(values["user-data-dir"]);
  await mkdir(dataFolder, { recursive: true });
  const log = createWriteStream(join(dataFolder, "workbench.log"));
  const socketPath = join(dataFolder, "control.sock");
  const release = releaseNamed(process.env["LAYOUTLAB_VSCODE_RELEASE"] ?? "stable");
  const server = await startServer(await installVSCode(release, write), {
    dataFolder,
    extensionsFolder: text(values["extensions-dir"]),
    // The test runner always asks for no trust questions; the restricted suite wants the questions.
    workspaceTrust: process.env["LAYOUTLAB_RESTRICTED"] === "1",
    env: { ...process.env, [controlVariable]: socketPath },
    log: (chunk) => log.write(chunk),
  });
  try {
    const browser = await launchChromium();
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.on("console", (message) => log.write(`${message.text()}\n`));
    const tested = new Promise<number>((resolve, reject) => {
      setTimeout(() => reject(new Error("The tests did not end in a quarter of an hour")), 15 * 60_000).unref();
      page.on("crash", () => reject(new Error("The page of the workbench crashed")));
      server.ended.then(() => reject(new Error("VS Code's server ended before the tests did")));
      // VS Code calls this when the extension host has run the tests.
      page.exposeFunction("codeAutomationExit", (code: number) => resolve(code)).catch(reject);
    });
    await serveControl(socketPath, page, process.stdout);
    await page.goto(
      server.workbench(text(positionals[0]), {
        extensionDevelopmentPath: server.remoteUri(text(values["extensionDevelopmentPath"])),
        extensionTestsPath: server.remoteUri(text(values["extensionTestsPath"])),
        skipWelcome: "true",
      }),
    );
    process.exitCode = await Promise.race([tested, interrupted]);
    await browser.close();
  } finally {
    await server.stop();
    process.stdin.destroy();
    log.end();
  }
});

function text(value: string | boolean | undefined): string {
  if (typeof value !== "string")
    throw new UserError("launcher.arguments", "The launcher lacks an argument", "start it through test/host/run.ts");
  return value;
}

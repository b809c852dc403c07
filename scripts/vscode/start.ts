/** Opens VS Code with the extension on the example workspace: the user's own, else the one that the tests use. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder, installVSCode } from "./install.ts";
import { runAsMain } from "./main.ts";
import { startServer } from "./server.ts";

const root = join(import.meta.dirname, "../..");
const examples = join(root, "examples");

runAsMain(async (write) => {
  const code = process.platform === "win32" ? "code.cmd" : "code";
  const opened = spawnSync(code, [`--extensionDevelopmentPath=${root}`, examples], {
    stdio: ["ignore", "ignore", "inherit"],
    shell: process.platform === "win32",
  });
  if (opened.status === 0) {
    write("VS Code opens with Layout Lab on the examples.");
    return;
  }
  await serve(write);
});

async function serve(write: (line: string) => void): Promise<void> {
  const dataFolder = join(cacheFolder, "start");
  const settings = join(dataFolder, "User/settings.json");
  if (!existsSync(settings)) {
    await mkdir(join(dataFolder, "User"), { recursive: true });
    await writeFile(settings, JSON.stringify(calmSettings));
  }
  const server = await startServer(await installVSCode("stable", write), {
    dataFolder,
    extensionsFolder: join(dataFolder, "extensions"),
    workspaceTrust: false,
    env: process.env,
    log: () => {},
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, server.stop);
  write("No `code` command here, so VS Code is served to your browser, with Layout Lab on the examples:\n");
  write(server.workbench(examples, { extensionDevelopmentPath: server.remoteUri(root), skipWelcome: "true" }));
  write("\nCtrl-C ends it.");
  await server.ended;
}

/** Written once, before the first start; afterwards the settings are the user's. */
const calmSettings = {
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "git.openRepositoryInParentFolders": "never",
};

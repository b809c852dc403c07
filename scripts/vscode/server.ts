import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { UserError } from "../../src/base/errors.ts";
import type { Installation } from "./install.ts";

export interface ServerOptions {
  /** The user data folder, with `User/settings.json` and all state; the server's own files go below it too. */
  readonly dataFolder: string;
  readonly extensionsFolder: string;
  /** Off: every folder is trusted. On: the workbench opens in Restricted Mode. */
  readonly workspaceTrust: boolean;
  readonly env: NodeJS.ProcessEnv;
  log(text: string): void;
}

export interface Server {
  /** The address of a workbench on `folder`; `payload` goes to it as VS Code's own test runner passes it. */
  workbench(folder: string, payload: Readonly<Record<string, string>>): string;
  /** A path on this machine in the form that payloads carry. */
  remoteUri(path: string): string;
  /** Resolves when the server has ended. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Starts VS Code's own server on a free loopback port, behind a token. It lives in a process group that ends as one. */
export async function startServer(installation: Installation, options: ServerOptions): Promise<Server> {
  const token = randomBytes(16).toString("hex");
  const args = [
    ...["--host", "127.0.0.1", "--port", "0", "--connection-token", token],
    ...["--accept-server-license-terms", "--disable-telemetry"],
    ...["--server-data-dir", join(options.dataFolder, "server"), "--user-data-dir", options.dataFolder],
    ...["--extensions-dir", options.extensionsFolder],
    // A built VS Code loads an extension under development, and reports the end of tests, only with this.
    "--enable-smoke-test-driver",
    ...(options.workspaceTrust ? [] : ["--disable-workspace-trust"]),
  ];
  const child = spawn(installation.node, [installation.serverMain, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    env: options.env,
  });
  const ended = new Promise<void>((resolve) => {
    child.on("error", (error) => {
      options.log(`${error.message}\n`);
      resolve();
    });
    child.on("close", () => resolve());
  });
  const stop = async () => {
    if (child.pid === undefined) return;
    signalGroup(child.pid, "SIGTERM");
    const force = setTimeout(signalGroup, 3000, child.pid, "SIGKILL");
    await ended;
    clearTimeout(force);
    // Extension hosts that outlive the server would be orphans.
    signalGroup(child.pid, "SIGKILL");
  };
  child.stderr.on("data", (data: Buffer) => options.log(data.toString()));
  const port = await Promise.race([announcedPort(child.stdout, options.log), ended]);
  if (port === undefined) {
    await stop();
    throw new UserError(
      "vscode.server",
      "VS Code's server did not start",
      `remove ${installation.serverMain.split("/node_modules/")[0]} and try again`,
    );
  }
  const authority = `127.0.0.1:${port}`;
  const remoteUri = (path: string) => `vscode-remote://${authority}${pathToFileURL(path).pathname}`;
  return {
    remoteUri,
    ended,
    stop,
    workbench(folder, payload) {
      const query = new URLSearchParams({ tkn: token, folder, payload: JSON.stringify(Object.entries(payload)) });
      return `http://${authority}/?${query}`;
    },
  };
}

function announcedPort(stdout: Readable, log: (text: string) => void): Promise<string> {
  return new Promise((resolve) => {
    let seen = "";
    stdout.on("data", (data: Buffer) => {
      log(data.toString());
      seen = (seen + data).slice(-4096);
      const port = /Web UI available at http:\/\/[^:\s]+:(\d+)/.exec(seen)?.[1];
      if (port !== undefined) resolve(port);
    });
  });
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

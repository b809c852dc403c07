import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startNode } from "./startNode.ts";

const root = path.join(import.meta.dirname, "..", "..");

/** Most of a short process is reading the sources; compiled code is kept between them. */
const compiled = path.join(root, "test-output", "compiled");

/**
 * The most requests that a killed process may have sent for nothing: those in flight, and those whose answers were on their way into
 * the store while others had taken their slots (8 wait for their turn, and those of 10 ms for a commit: about 20 where 16 in flight take 8 ms each).
 */
export const mostLost = (inFlight: number): number => inFlight + 32;

/** How a process ended, and what it printed. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves once the pattern was printed on either stream. */
  printed(pattern: RegExp): Promise<void>;
}

/** A folder of an experiment for processes of the command line; its environment is its own. */
export interface ProcessFolder {
  readonly folder: string;
  write(name: string, text: string): Promise<void>;
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Running;
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  close(): Promise<void>;
}

export async function openProcessFolder(): Promise<ProcessFolder> {
  const folder = await mkdtemp(path.join(tmpdir(), "layoutlab-e2e-"));
  const running = new Set<ChildProcess>();

  const start: ProcessFolder["start"] = (args, env = {}) => {
    // The sources themselves, so that a test never runs an old bundle.
    const child = startNode([path.join(root, "src", "cli", "main.ts"), ...args], {
      cwd: folder,
      env: { PATH: process.env["PATH"], HOME: folder, NODE_COMPILE_CACHE: compiled, ...env },
    });
    running.add(child);
    let stdout = "";
    let stderr = "";
    const waiting = new Set<() => void>();
    const told = () => {
      for (const look of waiting) look();
    };
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
      told();
    });
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
      told();
    });
    return {
      child,
      ended: new Promise((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code, signal) => {
          running.delete(child);
          resolve({ code, signal, stdout, stderr });
        });
      }),
      printed: (pattern) =>
        new Promise((resolve) => {
          const look = () => {
            if (!pattern.test(stdout) && !pattern.test(stderr)) return;
            waiting.delete(look);
            resolve();
          };
          waiting.add(look);
          look();
        }),
    };
  };

  return {
    folder,
    write: (name, text) => writeFile(path.join(folder, name), text),
    start,
    run: (args, env) => start(args, env).ended,
    async close() {
      for (const child of running) child.kill("SIGKILL");
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

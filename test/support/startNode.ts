import { type ChildProcess, spawn } from "node:child_process";

const endWithParent = new URL("./endWithParent.ts", import.meta.url).href;

/**
 * Starts Node on a script, its output in pipes. It cannot outlive this process: a test that fails, runs out of time or is killed
 * leaves nothing behind.
 */
export function startNode(
  args: readonly string[],
  options: {
    readonly cwd?: string;
    readonly env?: NodeJS.ProcessEnv;
    /** Shows what it says of its trouble among the test's own. */
    readonly stderr?: "inherit";
  } = {},
): ChildProcess {
  const { stderr = "pipe", ...place } = options;
  return spawn(process.execPath, ["--import", endWithParent, ...args], {
    ...place,
    stdio: ["ignore", "pipe", stderr, "ipc"],
  });
}

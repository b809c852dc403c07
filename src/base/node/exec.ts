import { execFile } from "node:child_process";

/** How a program ended. One that is not there, or does not end in time, is an answer too. */
export type Executed =
  | { readonly kind: "ran"; readonly code: number | undefined; readonly stdout: string; readonly stderr: string }
  | { readonly kind: "absent" }
  | { readonly kind: "timedOut" };

/** Runs a program by name, without a shell, for at most `timeoutMs`. Never rejects. */
export type Exec = (file: string, args: readonly string[], timeoutMs: number) => Promise<Executed>;

/** Text a program may write before it is cut off. */
const maxBytes = 4 * 1024 * 1024;

export const exec: Exec = (file, args, timeoutMs) =>
  new Promise((resolve) => {
    try {
      execFile(
        file,
        args,
        { timeout: timeoutMs, killSignal: "SIGKILL", maxBuffer: maxBytes, windowsHide: true, encoding: "utf8" },
        (error, stdout, stderr) => {
          if (error === null) resolve({ kind: "ran", code: 0, stdout, stderr });
          else if (typeof error.code === "number") resolve({ kind: "ran", code: error.code, stdout, stderr });
          else if (error.killed === true) resolve({ kind: "timedOut" });
          else if (error.code === "ENOENT" || error.code === "EACCES" || error.code === "ENOEXEC")
            resolve({ kind: "absent" });
          else resolve({ kind: "ran", code: undefined, stdout, stderr: stderr || error.message });
        },
      ).stdin?.end();
    } catch (error) {
      // A name that no system takes.
      resolve({ kind: "ran", code: undefined, stdout: "", stderr: String(error) });
    }
  });

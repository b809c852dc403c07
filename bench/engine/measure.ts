/** Runs one program as a user would and says what it took. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export interface Usage {
  /** User and system, start-up included. */
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly peakMb: number;
  /** Resident memory in bytes, each quarter of a second. */
  readonly memory: readonly number[];
}

const preload = fileURLToPath(new URL("usage.mjs", import.meta.url));

/** @throws when it ends with another code than `codes`; 3 is a run of ours that ended undecided, which is no failure. */
export async function measure(
  program: string,
  args: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly cwd?: string;
    readonly node?: readonly string[];
    readonly codes?: readonly number[];
  } = {},
): Promise<{ readonly usage: Usage; readonly stdout: string }> {
  const folder = mkdtempSync(path.join(tmpdir(), "layoutlab-bench-"));
  const file = path.join(folder, "usage.json");
  try {
    const child = spawn(process.execPath, ["--import", preload, ...(options.node ?? []), program, ...args], {
      env: { ...process.env, ...options.env, BENCH_USAGE: file },
      stdio: ["ignore", "pipe", "inherit"],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    if (!(options.codes ?? [0, 3]).includes(Number(code)))
      throw new Error(`${path.basename(program)} ${args.join(" ")} ended with ${String(code)}`);
    return { usage: JSON.parse(readFileSync(file, "utf8")) as Usage, stdout };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

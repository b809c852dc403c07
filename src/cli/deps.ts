import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { systemClock } from "../base/clock.ts";
import { steadyHeap } from "../base/node/steadyHeap.ts";
import { storeIgnores } from "../base/storeFolder.ts";
import type { EngineDeps } from "../engine/service/deps.ts";
import type { CliContext, CommonFlags, Screen } from "./context.ts";
import { exitCodes } from "./exitCodes.ts";

/** What the command line needs of the process it runs in. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Screen;
  readonly stderr: Screen;
  cwd(): string;
  /** `passedOn` is a signal that the launcher was sent; see `bin.js`. */
  on(signal: "SIGINT" | "SIGTERM" | "passedOn", heard: () => void): unknown;
  off(signal: "SIGINT" | "SIGTERM" | "passedOn", heard: () => void): unknown;
  exit(code: number): void;
}

/**
 * The command line's own composition: the process as the world, the environment as the place of keys. `more` is for whoever
 * brings providers of its own.
 */
export function openContext(host: Host, more: Partial<EngineDeps> = {}): CliContext {
  const cwd = host.cwd();
  const say = (text: string) => void host.stderr.write(`${text}\n`);
  const version = packageVersion();
  const named = (line: string) => line.replaceAll(cwd + path.sep, "");
  return {
    env: host.env,
    cwd,
    stdout: host.stdout,
    stderr: host.stderr,
    version,
    print: (text) => void host.stdout.write(text),
    say,
    named,
    store: (flags) => storeOf(flags, cwd),
    async engine(flags, { looking = false } = {}) {
      const store = storeOf(flags, cwd).path;
      const there = isElsewhere(store) || existsSync(store);
      steadyHeap();
      // Loading the engine takes a while, which `--version` and `--help` need not.
      const { openEngine } = await import("../engine/engine.ts");
      const engine = await openEngine({
        store: there || !looking ? store : ":memory:",
        env: host.env,
        clock: systemClock,
        host: { key: async () => undefined },
        version,
        roots: undefined,
        ...more,
      });
      if (!there && !looking && flags.store === undefined) ignoreByGit(path.dirname(store));
      engine.on("log", ({ level, message }) => {
        if (level === "error" || (level === "warn" && !flags.quiet))
          say(named(`${level === "warn" ? "warning" : "error"}: ${message}`));
      });
      return engine;
    },
    onInterrupt(callback) {
      let own = 0;
      let passedOn = 0;
      let times = 0;
      const count = () => {
        // A terminal tells this process and its launcher of the same Ctrl-C, in any order.
        const heard = Math.max(own, passedOn);
        if (heard === times) return;
        times = heard;
        // The second stops at once; whoever presses a third time does not believe it.
        if (times > 2) host.exit(exitCodes.interrupted);
        callback(times);
      };
      const heardOwn = () => {
        own += 1;
        count();
      };
      const heardPassedOn = () => {
        passedOn += 1;
        count();
      };
      host.on("SIGINT", heardOwn);
      host.on("SIGTERM", heardOwn);
      host.on("passedOn", heardPassedOn);
      return () => {
        host.off("SIGINT", heardOwn);
        host.off("SIGTERM", heardOwn);
        host.off("passedOn", heardPassedOn);
      };
    },
  };
}

function storeOf(flags: CommonFlags, cwd: string): { readonly path: string; readonly shown: string } {
  const shown = flags.store ?? path.join(".layoutlab", "store.db");
  return { path: isElsewhere(shown) ? shown : path.resolve(cwd, shown), shown };
}

function isElsewhere(store: string): boolean {
  return /^(postgres(ql)?:\/\/|:memory:$)/.test(store);
}

/** Prompts and answers are nobody's to commit by mistake. */
function ignoreByGit(folder: string): void {
  const ignore = path.join(folder, ".gitignore");
  if (!existsSync(ignore)) writeFileSync(ignore, storeIgnores);
}

/** The version stands in package.json, above the bundle and above the sources. */
function packageVersion(): string {
  let folder = import.meta.dirname;
  while (!existsSync(path.join(folder, "package.json"))) folder = path.dirname(folder);
  return (JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as { readonly version: string }).version;
}

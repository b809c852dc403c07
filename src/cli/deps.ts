import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { systemClock } from "../base/clock.ts";
import { openEngine } from "../engine/engine.ts";
import type { CliContext, CommonFlags } from "./context.ts";

/** The command line's own composition: the process as the world, the environment as the place of keys. */
export function openContext(host: NodeJS.Process): CliContext {
  return {
    env: host.env,
    cwd: host.cwd(),
    stdout: host.stdout,
    stderr: host.stderr,
    version: packageVersion(),
    print: (text) => void host.stdout.write(text),
    say: (text) => void host.stderr.write(`${text}\n`),
    async engine(flags, more = {}) {
      const store = storePath(flags, host.cwd());
      if (!/^(postgres(ql)?:\/\/|:memory:)/.test(store)) mkdirSync(path.dirname(store), { recursive: true });
      const engine = await openEngine({
        store,
        env: host.env,
        clock: systemClock,
        host: { key: async () => undefined },
        version: packageVersion(),
        roots: undefined,
        ...more,
      });
      engine.on("log", ({ level, message }) => {
        if (level === "warn" || level === "error")
          host.stderr.write(`${level === "warn" ? "warning" : "error"}: ${message}\n`);
      });
      return engine;
    },
    onInterrupt(callback) {
      let times = 0;
      const heard = () => callback(++times);
      host.on("SIGINT", heard);
      host.on("SIGTERM", heard);
      return () => {
        host.off("SIGINT", heard);
        host.off("SIGTERM", heard);
      };
    },
  };
}

function storePath(flags: CommonFlags, cwd: string): string {
  return flags.store ?? path.join(cwd, ".layoutlab", "store.db");
}

/** The version stands in package.json, one folder above the bundle. */
function packageVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}

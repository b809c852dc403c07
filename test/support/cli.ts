import { EventEmitter } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Host, openContext } from "../../src/cli/deps.ts";
import { runCli } from "../../src/cli/runCli.ts";
import { type Script, scriptedProvider } from "../../src/engine/provider/scripted.ts";
import { alwaysRight, labelOf } from "./engine.ts";

/** What a command printed and how it ended. */
interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder to run commands in, in this process; files are written relative to it. */
export interface CliFolder {
  readonly folder: string;
  /** Every trial that reached the script, as `layout/example`. */
  readonly asked: string[];
  write(name: string, text: string): Promise<void>;
  /** Names of everything below the folder, sorted. */
  files(): Promise<readonly string[]>;
  run(...args: readonly string[]): Promise<CliResult>;
  /** What `scripted:…` models answer from now on. */
  script(script: Script): void;
  /** Presses Ctrl-C in the command that is going. */
  interrupt(): void;
  close(): Promise<void>;
}

export interface CliFolderOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly tty?: boolean;
}

export async function openCliFolder(options: CliFolderOptions = {}): Promise<CliFolder> {
  const folder = await mkdtemp(path.join(tmpdir(), "layoutlab-cli-"));
  const asked: string[] = [];
  let script = alwaysRight;
  const signals = new EventEmitter();

  return {
    folder,
    asked,
    async write(name, text) {
      const full = path.join(folder, name);
      await mkdir(path.dirname(full), { recursive: true });
      await writeFile(full, text);
    },
    async files() {
      const found = await readdir(folder, { recursive: true, withFileTypes: true });
      return found
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
        .sort();
    },
    async run(...args) {
      let stdout = "";
      let stderr = "";
      const screen = (write: (text: string) => void) => ({ isTTY: options.tty ?? false, columns: 100, write });
      const host: Host = {
        env: options.env ?? {},
        cwd: () => folder,
        stdout: screen((text) => {
          stdout += text;
        }),
        stderr: screen((text) => {
          stderr += text;
        }),
        on: (signal, heard) => signals.on(signal, heard),
        off: (signal, heard) => signals.off(signal, heard),
        exit: (code) => {
          throw new Error(`the process was ended with ${code}`);
        },
      };
      const context = openContext(host, {
        providers: {
          scripted: async () =>
            scriptedProvider({
              script: (request, sendOptions, call) => {
                asked.push(`${sendOptions.trial?.layout}/${sendOptions.trial?.example}`);
                return script(request, sendOptions, call);
              },
            }),
        },
      });
      const code = await runCli(args, context);
      return { code, stdout, stderr };
    },
    script(next) {
      script = next;
    },
    interrupt() {
      signals.emit("SIGINT");
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** An experiment over `rows` rows of three colours; `more` adds keys, `replace` changes lines. */
export function colours(options: { readonly rows?: number; readonly model?: string; readonly more?: string } = {}) {
  const { rows = 12, model = "scripted:a", more = "" } = options;
  const lines = Array.from({ length: rows }, (_, i) => `r${i},item number ${i},${labelOf(i)}`);
  return {
    data: `id,text,label\n${lines.join("\n")}\n`,
    spec: `name: colours
dataset: data.csv
models: [${JSON.stringify(model)}]
prompt:
  instructions: Name the colour.
  segment: "{{text}}"
  question: Which colour?
  quickCheck: One colour.
  output: { type: label, labels: [red, green, blue] }
layouts: [standard, sandwich]
${more}`,
  };
}

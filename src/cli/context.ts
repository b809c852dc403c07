import type { Engine } from "../engine/engine.ts";

/** The flags every command takes. */
export interface CommonFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly store?: string;
}

/** What a terminal is to the command line: a place for text, of some width, that may be rewritten. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/**
 * What a command works with. Data goes to `print` (stdout), everything said to a person to `say` (stderr), so that
 * `--json` output is one document and nothing else.
 */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdout: Screen;
  readonly stderr: Screen;
  readonly version: string;
  print(text: string): void;
  say(text: string): void;
  /** A line with absolute paths named from where the user stands. */
  named(line: string): string;
  /** The store the flags name, as a path or URL, and as it is shown. */
  store(flags: CommonFlags): { readonly path: string; readonly shown: string };
  /** Opens the engine on the store the flags name; the caller closes it. */
  engine(flags: CommonFlags, options?: EngineOptions): Promise<Engine>;
  /** Calls back for each Ctrl-C and each SIGTERM; the result takes it back. */
  onInterrupt(callback: (times: number) => void): () => void;
}

export interface EngineOptions {
  /** True for commands that only look: they make no store where there is none. */
  readonly looking?: boolean;
}

/** Runs `work` with an engine and closes it whatever happens. */
export async function withEngine<T>(
  context: CliContext,
  flags: CommonFlags,
  work: (engine: Engine) => Promise<T>,
  options: EngineOptions = {},
): Promise<T> {
  const engine = await context.engine(flags, options);
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}

/** As `withEngine`, for a command that only looks at what is stored. */
export function looking<T>(context: CliContext, flags: CommonFlags, work: (engine: Engine) => Promise<T>): Promise<T> {
  return withEngine(context, flags, work, { looking: true });
}

/** Prints one JSON document, or what `text` makes of it for people. */
export function output(context: CliContext, flags: CommonFlags, document: object, text: () => string): void {
  context.print(flags.json ? `${JSON.stringify(document, null, 2)}\n` : `${text()}\n`);
}

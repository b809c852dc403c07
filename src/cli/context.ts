import type { Engine, EngineDeps } from "../engine/index.ts";

/** The flags every command takes. */
export interface CommonFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly store?: string;
}

/**
 * What a command works with. Data goes to `print` (stdout), everything said to a person to `say` (stderr), so that
 * `--json` output is one document and nothing else.
 */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly version: string;
  print(text: string): void;
  say(text: string): void;
  /** Opens the engine on the store the flags name; the caller closes it. */
  engine(flags: CommonFlags, more?: Partial<EngineDeps>): Promise<Engine>;
  /** Calls back for the first and the second Ctrl-C; the result takes it back. */
  onInterrupt(callback: (times: number) => void): () => void;
}

/** Runs `work` with an engine and closes it whatever happens. */
export async function withEngine<T>(
  context: CliContext,
  flags: CommonFlags,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  const engine = await context.engine(flags);
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}

/** Prints one JSON document, or what `text` makes of it for people. */
export function output(context: CliContext, flags: CommonFlags, document: object, text: () => string): void {
  context.print(flags.json ? `${JSON.stringify(document, null, 2)}\n` : `${text()}\n`);
}

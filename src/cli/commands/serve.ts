import { UserError } from "../../base/errors.ts";
import { type AskingFlags, askingFlags, askingOptions } from "../askingFlags.ts";
import type { CliContext } from "../context.ts";
import { type CommonFlags, withEngine } from "../context.ts";
import { exitCodes } from "../exitCodes.ts";
import { badFlag, port, size, whole } from "../flags.ts";
import type { Register } from "./index.ts";

interface Flags extends CommonFlags, AskingFlags {
  readonly port?: number;
  readonly host?: string;
  readonly key?: string;
  readonly maxUpload?: number;
  readonly maxRequests?: number;
}

export const registerServe: Register = (program, context, done) => {
  askingFlags(
    program
      .command("serve")
      .description("a local server that speaks OpenAI's files, batches and chat completions, answered by any provider"),
  )
    .option("--port <n>", "port to listen on (default: any free one)", port("--port"))
    .option("--host <address>", "address to listen on (default 127.0.0.1: this machine only); needs --key")
    .option("--key <env:NAME>", "environment variable with the bearer key that clients must send")
    .option("--max-upload <size>", "largest file (default 200MB)", size("--max-upload"))
    .option("--max-requests <n>", "most requests of one batch (default 50000)", whole("--max-requests"))
    .action(async (flags: Flags) => {
      const key = flags.key === undefined ? undefined : keyIn(context, flags.key);
      await withEngine(context, flags, async (engine) => {
        const server = await engine.serve({
          ...askingOptions(flags),
          ...(flags.port === undefined ? {} : { port: flags.port }),
          ...(flags.host === undefined ? {} : { host: flags.host }),
          ...(key === undefined ? {} : { key }),
          ...(flags.maxUpload === undefined ? {} : { maxUploadBytes: flags.maxUpload }),
          ...(flags.maxRequests === undefined ? {} : { maxRequests: flags.maxRequests }),
        });
        // Listened for before the address is told: whoever reads it may stop the server at once.
        const interrupted = new Promise<void>((resolve) => {
          const release = context.onInterrupt(() => {
            release();
            resolve();
          });
        });
        const facts = { schema: "layoutlab/serve@1", url: server.url, port: server.port, pid: process.pid };
        if (flags.json) context.print(`${JSON.stringify(facts)}\n`);
        else
          context.print(
            [
              `batch server at ${server.url}`,
              `  OpenAI clients:  OPENAI_BASE_URL=${server.url}/v1${key === undefined ? "" : "  OPENAI_API_KEY=…"}`,
              `  files:           ${context.store(flags).shown}-files`,
              "Ctrl-C ends it; batches that are going go on when it starts again.",
              "",
            ].join("\n"),
          );
        await interrupted;
        await server.close();
      });
      done(exitCodes.done);
    });
};

/** The key itself never stands on a command line, where every process of the machine could read it. */
function keyIn(context: CliContext, text: string): string {
  const name = /^env:(\w+)$/.exec(text)?.[1];
  if (name === undefined) throw badFlag("--key", "…", "write env:NAME and put the key into that environment variable");
  const key = context.env[name];
  if (!key) throw new UserError("no-key", `the environment variable ${name} is empty`, "put the key there");
  return key;
}

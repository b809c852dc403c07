import { type CommonFlags, output, withEngine } from "../context.ts";
import { exitCodes } from "../exitCodes.ts";
import { amount, whole } from "../flags.ts";
import { namedRun } from "../namedRun.ts";
import { integer } from "../render/numbers.ts";
import type { Register } from "./index.ts";

interface Flags extends CommonFlags {
  readonly run?: string;
  readonly concurrency?: number;
  readonly idle?: number;
}

export const registerWorker: Register = (program, context, done) => {
  program
    .command("worker")
    .description("answer pending requests of other processes on the same store")
    .option("--run <run>", "only this run's")
    .option(
      "-j, --concurrency <n>",
      "requests in flight (default: 16, of local models what their server bears)",
      whole("--concurrency"),
    )
    .option(
      "--idle <seconds>",
      "end when there was nothing to do for so long (default: work until Ctrl-C)",
      amount("--idle"),
    )
    .action(async (flags: Flags) => {
      const stop = new AbortController();
      const release = context.onInterrupt(() => stop.abort());
      if (!flags.quiet) context.say("waiting for requests; Ctrl-C ends the worker");
      try {
        const worked = await withEngine(context, flags, async (engine) =>
          engine.work(
            {
              ...(flags.concurrency === undefined ? {} : { concurrency: flags.concurrency }),
              ...(await namedRun(engine, flags)),
              ...(flags.idle === undefined ? {} : { idleMs: flags.idle * 1000 }),
            },
            stop.signal,
          ),
        );
        output(
          context,
          flags,
          { schema: "layoutlab/worker@1", ...worked },
          () => `${integer(worked.completed)} answered, ${integer(worked.failed)} failed`,
        );
        done(exitCodes.done);
      } finally {
        release();
      }
    });
};

import type { Engine } from "../engine/engine.ts";
import type { RunSummary } from "../engine/runner/events.ts";
import type { CliContext, CommonFlags } from "./context.ts";
import { openProgress } from "./render/progress.ts";

/** Prints what happens until the run has ended; Ctrl-C once lets what is in flight finish, twice does not. */
export async function follow(
  engine: Engine,
  run: string,
  flags: CommonFlags,
  context: CliContext,
): Promise<RunSummary> {
  const progress = openProgress(context.stderr, { quiet: flags.quiet === true });
  const listening = engine.on("run", (event) => progress.on(event));
  const release = context.onInterrupt((times) => {
    progress.end();
    if (times === 1) context.say("Stopping: what is in flight finishes and is saved. Ctrl-C again stops at once.");
    void engine.stop({ run, now: times > 1 });
  });
  try {
    return await engine.finished(run);
  } finally {
    progress.end();
    listening.dispose();
    release();
  }
}

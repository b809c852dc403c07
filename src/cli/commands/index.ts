import type { Command } from "commander";
import type { CliContext } from "../context.ts";
import { registerBatch } from "./batch.ts";
import { registerCache } from "./cache.ts";
import { registerDecide } from "./decide.ts";
import { registerDoctor } from "./doctor.ts";
import { registerEstimate } from "./estimate.ts";
import { registerExport } from "./export.ts";
import { registerInit } from "./init.ts";
import { registerPreview } from "./preview.ts";
import { registerPrices } from "./prices.ts";
import { registerRequests } from "./requests.ts";
import { registerRun } from "./run.ts";
import { registerRuns } from "./runs.ts";
import { registerScore } from "./score.ts";
import { registerServe } from "./serve.ts";
import { registerSimulate } from "./simulate.ts";
import { registerValidate } from "./validate.ts";
import { registerWorker } from "./worker.ts";

/** Adds one command to the program; `done` takes the exit code. */
export type Register = (program: Command, context: CliContext, done: (code: number) => void) => void;

/** Every command, in the order that help lists them. To add one, write its file and name it here. */
const commands: readonly Register[] = [
  registerInit,
  registerValidate,
  registerPreview,
  registerEstimate,
  registerRun,
  registerRuns,
  registerExport,
  registerScore,
  registerDecide,
  registerCache,
  registerPrices,
  registerRequests,
  registerBatch,
  registerServe,
  registerSimulate,
  registerWorker,
  registerDoctor,
];

export function registerCommands(program: Command, context: CliContext, done: (code: number) => void): void {
  for (const register of commands) register(program, context, done);
  for (const command of allCommands(program)) {
    command
      .option("--json", "print one JSON document")
      .option("--quiet", "print results only")
      .option("--store <path>", "file that holds runs and the cache (default .layoutlab/store.db)");
  }
}

function allCommands(command: Command): Command[] {
  return command.commands.flatMap((one) => (one.commands.length === 0 ? [one] : allCommands(one)));
}

import { existsSync } from "node:fs";
import path from "node:path";
import { UserError } from "../../base/errors.ts";
import type { Engine } from "../../engine/engine.ts";
import type { RunSummary } from "../../engine/runner/events.ts";
import { type CliContext, type CommonFlags, output, withEngine } from "../context.ts";
import { exitCodeOf, exitCodes } from "../exitCodes.ts";
import { exportFormatOf } from "../exportFormat.ts";
import { collect } from "../flags.ts";
import { follow } from "../follow.ts";
import { Problems } from "../problems.ts";
import { runReport } from "../render/runReport.ts";
import { type RunFlags, runFlags, runOptions } from "../runFlags.ts";
import { checkAlone, type SpecFile, specFile } from "../specFile.ts";
import type { Register } from "./index.ts";

interface Flags extends RunFlags, CommonFlags {
  /** True without a value. */
  readonly resume?: string | boolean;
  readonly retryErrors?: boolean;
  readonly output?: readonly string[];
}

export const registerRun: Register = (program, context, done) => {
  runFlags(program.command("run").description("run an experiment: ask, score, decide"))
    .argument("[spec]", "experiment file; not needed with --resume")
    .option(
      "--resume [run]",
      "go on with an interrupted run (default: the newest of the file); --layouts then joins more",
    )
    .option("--retry-errors", "with --resume: ask again for trials that could not be had")
    .option(
      "-o, --output <file>",
      "write the result; csv, jsonl, json, md, html, junit.xml or replay.jsonl by its ending, repeatable",
      collect((name) => name),
    )
    .action(async (typed: string | undefined, flags: Flags) => {
      const resuming = flags.resume !== undefined && flags.resume !== false;
      if (typed === undefined && !resuming)
        throw new UserError(
          "no-spec",
          "no experiment file is named",
          "write layoutlab run FILE.layout.yaml, or --resume",
        );
      if (flags.retryErrors && !resuming)
        throw new UserError("bad-flag", "--retry-errors goes with --resume", "add --resume");
      const spec = typed === undefined ? undefined : specFile(context, typed);
      const outputs = outputsOf(flags, context);
      if (spec !== undefined && !resuming) await checkAlone(context, flags, spec);
      await withEngine(context, flags, async (engine) => {
        const { run } = resuming ? await resume(engine, spec, flags) : await start(engine, spec, flags);
        if (flags.resume === true && !flags.quiet) {
          const { item } = await engine.run({ run });
          context.say(`going on with ${item.name}, run ${run}, the newest that is not finished`);
        }
        const summary = await follow(engine, run, flags, context);
        const nothing = summary.variants.every((variant) => variant.trials === 0 && variant.failed === 0);
        if (nothing && summary.stopped.kind === "rejected") {
          // A key or a name that can never work: there is nothing to keep, and nothing to go on with.
          await engine.deleteRun({ run });
          const where = await placeOfModel(engine, context, summary, spec, flags);
          const message = summary.stopped.reason;
          const line = where === undefined ? message : `${where}: ${message}`;
          throw new Problems([{ code: "rejected", message, line, ...(where === undefined ? {} : { where }) }]);
        }
        for (const { typed: name, file, format } of outputs) {
          const { rows } = await engine.export({ run, format, to: file });
          if (!flags.quiet) context.say(`wrote ${name}${rows > 0 ? ` (${rows} trials)` : ""}`);
        }
        const verdict = await engine.judge({ run });
        const elsewhere = flags.store === undefined ? "" : ` --store ${flags.store}`;
        output(context, flags, verdict === undefined ? summary : { ...summary, assert: verdict }, () =>
          [
            runReport(summary),
            ...(verdict === undefined
              ? []
              : ["", `${verdict.passed ? "Assert passed" : "Assert failed"}: ${verdict.message}`]),
            `Stored as run ${run} in ${context.store(flags).shown}; \`layoutlab show ${run}${elsewhere}\` shows it again.`,
            ...(summary.status === "finished" ? [] : [`Go on with it: layoutlab run --resume ${run}${elsewhere}`]),
          ].join("\n"),
        );
        done(verdict?.passed === false && summary.status === "finished" ? exitCodes.assertFailed : exitCodeOf(summary));
      });
    });
};

/** Where the file names the model that ended the run, as `file:line:col`; undefined when a flag did. */
async function placeOfModel(
  engine: Engine,
  context: CliContext,
  summary: RunSummary,
  spec: SpecFile | undefined,
  flags: Flags,
): Promise<string | undefined> {
  if (flags.models !== undefined) return undefined;
  const { outline } = await engine.check({ file: summary.file });
  const model = outline?.models.find(({ id }) => summary.stopped.reason.startsWith(`${id}: `));
  if (model?.range === undefined) return undefined;
  const { line, column } = model.range.start;
  return `${spec?.typed ?? context.named(summary.file)}:${line}:${column}`;
}

function start(engine: Engine, spec: SpecFile | undefined, flags: Flags): Promise<{ readonly run: string }> {
  if (spec === undefined) throw new Error("a run is started without a file");
  return engine.start({ file: spec.file, options: runOptions(flags) });
}

function resume(engine: Engine, spec: SpecFile | undefined, flags: Flags): Promise<{ readonly run: string }> {
  const { models, layouts, limit, sampling, aa, ...options } = runOptions(flags);
  for (const [name, value] of Object.entries({ models, limit, sampling, aa })) {
    if (value !== undefined)
      throw new UserError(
        "bad-flag",
        `--${name} cannot change when a run is resumed`,
        "leave it out, or start a new run",
      );
  }
  return engine.resume({
    options,
    ...(layouts === undefined ? {} : { layouts }),
    ...(typeof flags.resume === "string" ? { run: flags.resume } : {}),
    ...(spec === undefined ? {} : { file: spec.file }),
    ...(flags.retryErrors ? { retryErrors: true } : {}),
  });
}

/** Formats are known, and folders are there, before anything is spent. */
function outputsOf(flags: Flags, context: CliContext) {
  return (flags.output ?? []).map((typed) => {
    const file = path.resolve(context.cwd, typed);
    if (!existsSync(path.dirname(file)))
      throw new UserError("no-folder", `the folder of ${typed} does not exist`, "make it, or name another place");
    return { typed, file, format: exportFormatOf(typed) };
  });
}

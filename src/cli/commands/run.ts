import path from "node:path";
import { UserError } from "../../base/errors.ts";
import type { ExportFormat } from "../../engine/api.ts";
import type { Engine } from "../../engine/engine.ts";
import type { RunSummary } from "../../engine/runner/events.ts";
import { type Diagnostic, formatDiagnostic } from "../../engine/spec/diagnostic.ts";
import { type CliContext, type CommonFlags, output, withEngine } from "../context.ts";
import { exitCodeOf, exitCodes } from "../exitCodes.ts";
import { exportFormatOf } from "../exportFormat.ts";
import { openProgress } from "../render/progress.ts";
import { runReport } from "../render/runReport.ts";
import { type RunFlags, runFlags, runOptions } from "../runFlags.ts";
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
    .option("--resume [run]", "go on with an interrupted run (default: the newest of the file)")
    .option("--retry-errors", "with --resume: ask again for trials that could not be had")
    .option(
      "-o, --output <file>",
      "write the result; csv, jsonl, json, md, html, junit.xml or replay.jsonl by its ending, repeatable",
      collect,
    )
    .action(async (spec: string | undefined, flags: Flags) => {
      const file = spec === undefined ? undefined : path.resolve(context.cwd, spec);
      const outputs = (flags.output ?? []).map((name) => ({
        name: path.resolve(context.cwd, name),
        format: exportFormatOf(name),
      }));
      await withEngine(context, flags, async (engine) => {
        const begun = await begin(engine, file, spec, flags, context);
        if (begun === undefined) return done(exitCodes.input);
        const { run } = begun;
        const summary = await follow(engine, run, flags, context);
        for (const { name, format } of outputs) await write(engine, run, name, format, flags, context);
        const verdict = await engine.judge({ run });
        output(context, flags, verdict === undefined ? summary : { ...summary, assert: verdict }, () =>
          [
            runReport(summary),
            ...(verdict === undefined
              ? []
              : ["", `${verdict.passed ? "Assert passed" : "Assert failed"}: ${verdict.message}`]),
            `Stored as run ${summary.run} in ${storeShown(flags, context)}; \`layoutlab show ${summary.run}\` shows it again.`,
          ].join("\n"),
        );
        done(codeOf(summary, verdict));
      });
    });
};

/** Starts or resumes; undefined when the file has errors, which have been printed. */
async function begin(
  engine: Engine,
  file: string | undefined,
  spec: string | undefined,
  flags: Flags,
  context: CliContext,
) {
  if (flags.resume !== undefined && flags.resume !== false) {
    return engine.resume({
      ...(typeof flags.resume === "string" ? { run: flags.resume } : {}),
      ...(file === undefined ? {} : { file }),
      ...(flags.retryErrors ? { retryErrors: true } : {}),
    });
  }
  if (file === undefined || spec === undefined) {
    throw new UserError("no-spec", "no experiment file is named", "write layoutlab run FILE.layout.yaml, or --resume");
  }
  // The check comes first so that every mistake is printed as the user names the file.
  const { diagnostics } = await engine.check({ file });
  for (const each of diagnostics) {
    if (each.severity === "warning" && !flags.quiet) context.say(`warning: ${shown(each, file, spec)}`);
  }
  const errors = diagnostics.filter((each) => each.severity === "error");
  if (errors.length > 0) {
    for (const each of errors) context.say(shown(each, file, spec));
    return undefined;
  }
  return engine.start({ file, options: runOptions(flags) });
}

/** As every face prints a mistake, with the file named as the user named it. */
function shown(each: Diagnostic, file: string, spec: string): string {
  return formatDiagnostic(each.file === file ? { ...each, file: spec } : each);
}

/** Prints events until the run has ended; Ctrl-C once lets what is in flight finish, twice does not. */
async function follow(engine: Engine, run: string, flags: Flags, context: CliContext): Promise<RunSummary> {
  const progress = openProgress(context.stderr, { quiet: flags.quiet === true });
  const listening = engine.on("run", (event) => progress.on(event));
  const release = context.onInterrupt((times) => {
    if (times === 1) context.say("\nstopping: what is in flight finishes and is saved; Ctrl-C again stops at once");
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

async function write(
  engine: Engine,
  run: string,
  file: string,
  format: ExportFormat,
  flags: Flags,
  context: CliContext,
): Promise<void> {
  const { rows } = await engine.export({ run, format, to: file });
  if (!flags.quiet) context.say(`wrote ${file}${rows > 0 ? ` (${rows} trials)` : ""}`);
}

function codeOf(summary: RunSummary, verdict: { readonly passed: boolean } | undefined): number {
  if (verdict?.passed === false && summary.status === "finished") return exitCodes.assertFailed;
  return exitCodeOf(summary);
}

function storeShown(flags: CommonFlags, context: CliContext): string {
  return flags.store ?? path.relative(context.cwd, path.join(context.cwd, ".layoutlab", "store.db"));
}

function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

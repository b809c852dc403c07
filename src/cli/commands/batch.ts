import { randomBytes } from "node:crypto";
import { UserError } from "../../base/errors.ts";
import type { Engine } from "../../engine/engine.ts";
import { type AskingFlags, askingFlags, askingOptions } from "../askingFlags.ts";
import { type CliContext, type CommonFlags, looking, output } from "../context.ts";
import { exitCodes } from "../exitCodes.ts";
import { whole } from "../flags.ts";
import { inputFile, outputFile } from "../paths.ts";
import { analysisText } from "../render/batchAnalysis.ts";
import { openCounting } from "../render/counting.ts";
import { bytes, dollars, duration, integer } from "../render/numbers.ts";
import { registerCancel, registerFetch, registerStatus, registerSubmit } from "./batchRemote.ts";
import type { Register } from "./index.ts";

interface ConvertFlags extends CommonFlags {
  readonly output: string;
  readonly template?: string;
  readonly spec?: string;
  readonly layout?: string;
  readonly model?: string;
  readonly id?: string;
  readonly limit?: number;
  readonly strict?: boolean;
}

interface RunFlags extends CommonFlags, AskingFlags {
  readonly output: string;
  readonly errors?: string;
  readonly retryErrors?: boolean;
}

interface AnalyzeFlags extends CommonFlags {
  readonly expected?: string;
  readonly column?: string;
  readonly id?: string;
  readonly rows?: number;
  readonly halfPrice?: boolean;
}

interface SampleFlags extends CommonFlags {
  readonly rows: number;
  readonly output: string;
  readonly seed: number;
}

export const registerBatch: Register = (program, context, done) => {
  const batch = program.command("batch").description("files of many requests");
  registerConvert(batch, context, done);
  registerRun(batch, context, done);
  registerSubmit(batch, context, done);
  registerStatus(batch, context, done);
  registerFetch(batch, context, done);
  registerCancel(batch, context, done);
  registerAnalyze(batch, context, done);
  registerSample(batch, context, done);
};

const registerConvert: Register = (batch, context, done) => {
  batch
    .command("convert")
    .description("make a file of requests from a table, one row each")
    .argument("<csv>", "CSV, TSV, JSONL or JSON file")
    .requiredOption("-o, --output <file>", "where to, JSON Lines")
    .option(
      "--template <file>",
      "JSON of a request with {{column}} in its texts, or a text that becomes the user's message",
    )
    .option("--spec <experiment>", "an experiment file: its prompt, under one layout")
    .option("--layout <name>", "with --spec: which layout (default: the first)")
    .option("--model <id>", "the model to ask (default: the template's, or the experiment's first)")
    .option("--id <column>", "column that names each request (default: row-1, row-2, …)")
    .option("--limit <n>", "use the first n rows", whole("--limit"))
    .option("--strict", "exit with 2 when any row makes no request")
    .action(async (typed: string, flags: ConvertFlags) => {
      if ((flags.template === undefined) === (flags.spec === undefined))
        throw new UserError("bad-flag", "a conversion takes one of --template and --spec", "name one of them");
      const { output: to, template, spec, layout, model, id, limit } = flags;
      const report = await working(context, flags, "rows", (engine, job) =>
        engine.batchConvert({
          job,
          from: inputFile(context, typed),
          to: outputFile(context, to),
          ...(template === undefined ? {} : { template: inputFile(context, template) }),
          ...(spec === undefined ? {} : { spec: inputFile(context, spec) }),
          ...(layout === undefined ? {} : { layout }),
          ...(model === undefined ? {} : { model }),
          ...(id === undefined ? {} : { id }),
          ...(limit === undefined ? {} : { limit }),
        }),
      );
      const told = report.bad.slice(0, 20);
      if (!flags.quiet) {
        for (const { line, message } of told) context.say(`${typed}:${line}:1: ${message}`);
        if (report.skipped > told.length) context.say(`and ${integer(report.skipped - told.length)} rows more`);
      }
      output(context, flags, report, () =>
        [
          `${integer(report.written)} requests written to ${to} (${bytes(report.bytes)})`,
          ...(report.skipped === 0
            ? []
            : [`${integer(report.skipped)} ${report.skipped === 1 ? "row" : "rows"} made no request`]),
          ...(report.trimmed === 0 ? [] : [`${integer(report.trimmed)} prompts were cut so that they fit`]),
        ].join("\n"),
      );
      if (report.written === 0 || (flags.strict === true && report.skipped > 0)) done(exitCodes.input);
    });
};

const registerRun: Register = (batch, context, done) => {
  askingFlags(batch.command("run").description("answer a file of requests; started again it goes on where it was"))
    .argument("<jsonl>", "file of requests")
    .requiredOption("-o, --output <file>", "gets an answer a line, as they come")
    .option("--errors <file>", "gets what failed (default: beside the output)")
    .option("--retry-errors", "ask again for what failed before")
    .action(async (typed: string, flags: RunFlags) => {
      const to = outputFile(context, flags.output);
      const report = await working(context, flags, "requests", (engine, job) =>
        engine.batchRun({
          job,
          from: inputFile(context, typed),
          to,
          ...askingOptions(flags),
          ...(flags.errors === undefined ? {} : { failures: outputFile(context, flags.errors) }),
          ...(flags.retryErrors === true ? { retryErrors: true } : {}),
        }),
      );
      const now = report.completed + report.failed - report.known;
      output(context, flags, report, () =>
        [
          `${integer(report.completed)} of ${integer(report.requests)} requests answered, ${integer(report.failed)} failed` +
            (report.known === 0 ? "" : ` (${integer(report.known)} of them before)`),
          `${integer(now)} in ${duration(report.durationMs)} (${rate(now, report.durationMs)}), ` +
            `${integer(report.tokens.prompt)} prompt and ${integer(report.tokens.completion)} answer tokens, cost ${dollars(report.cost)}`,
          ...(report.results === undefined ? [] : [`answers: ${flags.output}`]),
          ...(report.failures === undefined ? [] : [`failures: ${context.named(report.failures)}`]),
          ...(report.reason === undefined ? [] : [`stopped: ${report.reason}`]),
          ...(report.status === "finished" ? [] : ["The same command goes on."]),
        ].join("\n"),
      );
      if (report.status === "interrupted") done(exitCodes.interrupted);
      else if (report.rejected) done(exitCodes.input);
      else if (report.status === "stopped" || report.failed > 0) done(exitCodes.incomplete);
    });
};

const registerAnalyze: Register = (batch, context) => {
  batch
    .command("analyze")
    .description("what result files say: answers, errors, tokens, cost, speed, and what more rows would take")
    .argument("<results...>", "files of answers and failures, of `batch run` or of a provider's batch")
    .option("--expected <csv>", "table with the right answers")
    .option("--column <name>", "with --expected: their column (default: guessed)")
    .option("--id <column>", "with --expected: the column that names each request (default: row-1, row-2, …)")
    .option("--rows <n>", "say what so many rows would take", whole("--rows"))
    .option("--half-price", "a provider's batch gave the answers")
    .action(async (typed: readonly string[], flags: AnalyzeFlags) => {
      const { expected, column, id, rows } = flags;
      const analysis = await looking(context, flags, (engine) =>
        engine.batchAnalyze({
          from: typed.map((file) => inputFile(context, file)),
          ...(expected === undefined ? {} : { expected: inputFile(context, expected) }),
          ...(column === undefined ? {} : { column }),
          ...(id === undefined ? {} : { id }),
          ...(rows === undefined ? {} : { rows }),
          ...(flags.halfPrice === true ? { halfPrice: true } : {}),
        }),
      );
      if (analysis.answers + analysis.failed === 0 && analysis.unreadable > 0)
        throw new UserError(
          "no-results",
          `${typed.join(", ")} ${typed.length === 1 ? "holds" : "hold"} no results of a batch`,
          "name what `batch run` or a provider's batch wrote",
        );
      output(context, flags, analysis, () => analysisText(analysis));
    });
};

const registerSample: Register = (batch, context) => {
  batch
    .command("sample")
    .description("write a made-up table of support tickets, awkward rows among them")
    .requiredOption("-o, --output <file>", "where to, CSV")
    .option("-n, --rows <n>", "how many rows", whole("--rows"), 500)
    .option("--seed <n>", "the same seed gives the same file", whole("--seed", 0), 1)
    .action(async (flags: SampleFlags) => {
      const { rows } = await looking(context, flags, (engine) =>
        engine.batchSample({ to: outputFile(context, flags.output), rows: flags.rows, seed: flags.seed }),
      );
      const document = { schema: "layoutlab/batch-sample@1", file: flags.output, rows };
      output(context, flags, document, () => `${integer(rows)} rows written to ${flags.output}`);
    });
};

/** Runs a job with its progress on the screen; Ctrl-C once lets what is in flight finish, twice does not. */
async function working<T>(
  context: CliContext,
  flags: CommonFlags,
  what: string,
  work: (engine: Engine, job: string) => Promise<T>,
): Promise<T> {
  const job = randomBytes(8).toString("hex");
  return looking(context, flags, async (engine) => {
    const counting = openCounting(context.stderr, what, { quiet: flags.quiet === true });
    const listening = engine.on("batch", (progress) => counting.on(progress));
    const release = context.onInterrupt((times) => {
      counting.end();
      if (times === 1) context.say("Stopping: what is in flight finishes and is saved. Ctrl-C again stops at once.");
      void engine.batchStop({ job, now: times > 1 });
    });
    try {
      return await work(engine, job);
    } finally {
      counting.end();
      listening.dispose();
      release();
    }
  });
}

function rate(count: number, ms: number): string {
  return `${integer(count / Math.max(0.001, ms / 1000))}/s`;
}

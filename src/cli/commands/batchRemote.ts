import { UserError } from "../../base/errors.ts";
import type { FetchReport } from "../../engine/service/fetching.ts";
import type { SubmissionView } from "../../engine/service/submissions.ts";
import type { SubmitRequest } from "../../engine/service/submitting.ts";
import { type CliContext, type CommonFlags, looking, output, withEngine } from "../context.ts";
import { exitCodeOf, exitCodes } from "../exitCodes.ts";
import { names, size, whole } from "../flags.ts";
import { inputFile, outputFile } from "../paths.ts";
import { integer } from "../render/numbers.ts";
import { runReport } from "../render/runReport.ts";
import { table } from "../render/table.ts";
import { checkAlone, specFile } from "../specFile.ts";
import type { Register } from "./index.ts";

interface SubmitFlags extends CommonFlags {
  readonly baseUrl?: string;
  readonly model?: string;
  readonly models?: readonly string[];
  readonly layouts?: readonly string[];
  readonly limit?: number;
  readonly retry?: string;
  readonly enqueuedTokens?: number;
  readonly sliceRequests?: number;
  readonly sliceSize?: number;
}

export const registerSubmit: Register = (batch, context) => {
  batch
    .command("submit")
    .description("send an experiment or a file of requests to a provider's Batch API, at half the price")
    .argument("[file]", "experiment file, or JSONL file of requests")
    .option("--retry <run>", "send the trials that this run could not have")
    .option("--base-url <url>", "a server that speaks OpenAI's Batch API (default: OPENAI_BASE_URL, or OpenAI)")
    .option("--model <name>", "with JSONL: the model of every request")
    .option("--models <ids>", "models instead of the experiment's, comma-separated", names("--models"))
    .option("--layouts <names>", "layouts instead of the experiment's, comma-separated", names("--layouts"))
    .option("--limit <n>", "use the first n examples", whole("--limit"))
    .option(
      "--enqueued-tokens <n>",
      "most tokens the account may have waiting; later batches wait for earlier ones",
      whole("--enqueued-tokens"),
    )
    .option("--slice-requests <n>", "most requests of one batch (default 50000)", whole("--slice-requests"))
    .option("--slice-size <size>", "most bytes of one batch (default 200MB)", size("--slice-size"))
    .action(async (typed: string | undefined, flags: SubmitFlags) => {
      if ((typed === undefined) === (flags.retry === undefined))
        throw new UserError("bad-flag", "a submission takes one of a file and --retry", "name one of them");
      if (typed !== undefined && isExperiment(typed)) await checkAlone(context, flags, specFile(context, typed));
      const view = await withEngine(context, flags, (engine) => engine.batchSubmit(requestOf(context, typed, flags)));
      output(context, flags, { schema: "layoutlab/batch-submit@1", ...view }, () =>
        [submissionText(view), "", `Take the answers in when they are there: layoutlab batch fetch ${view.id}`].join(
          "\n",
        ),
      );
    });
};

function requestOf(context: CliContext, typed: string | undefined, flags: SubmitFlags): SubmitRequest {
  const { baseUrl, model, models, layouts, limit, enqueuedTokens, sliceRequests, sliceSize } = flags;
  const kind = typed === undefined ? "retry" : isExperiment(typed) ? "experiment" : "file";
  return {
    from: typed === undefined ? (flags.retry ?? "") : inputFile(context, typed),
    kind,
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(model === undefined ? {} : { model }),
    options: {
      ...(models === undefined ? {} : { models }),
      ...(layouts === undefined ? {} : { layouts }),
      ...(limit === undefined ? {} : { limit }),
    },
    ...(enqueuedTokens === undefined ? {} : { enqueuedTokens }),
    ...(sliceRequests === undefined ? {} : { sliceRequests }),
    ...(sliceSize === undefined ? {} : { sliceBytes: sliceSize }),
  };
}

function isExperiment(typed: string): boolean {
  return /\.layout\.(ya?ml|json)$/.test(typed);
}

export const registerStatus: Register = (batch, context) => {
  batch
    .command("status")
    .description("how far submitted batches are; sends what had to wait")
    .argument("[submission]", "by its id, or the start of one (default: all)")
    .action(async (id: string | undefined, flags: CommonFlags) => {
      const submissions = await looking(context, flags, (engine) =>
        engine.batchSubmissions({ refresh: true, ...(id === undefined ? {} : { id }) }),
      );
      output(context, flags, { schema: "layoutlab/batch-status@1", submissions }, () =>
        submissions.length === 0 ? "nothing was submitted yet" : submissions.map(submissionText).join("\n\n"),
      );
    });
};

export const registerFetch: Register = (batch, context, done) => {
  batch
    .command("fetch")
    .description("take in the answers of batches that have ended; a run is scored")
    .argument("[submission]", "by its id, or the start of one (default: all that are ready)")
    .option("-o, --output <file>", "for a file of requests: where its answers go (default: beside it)")
    .action(async (id: string | undefined, flags: CommonFlags & { readonly output?: string }) => {
      const to = flags.output === undefined ? undefined : outputFile(context, flags.output);
      const reports = await withEngine(context, flags, async (engine) => {
        const found = await engine.batchSubmissions({ refresh: true, ...(id === undefined ? {} : { id }) });
        const ready = found.filter(({ state }) => state === "ready" || (id !== undefined && state === "fetched"));
        if (ready.length === 0) {
          const waiting = found.filter(({ state }) => state === "waiting").length;
          context.say(
            waiting === 0
              ? "nothing is left to fetch: layoutlab batch submit sends an experiment or a file"
              : `${integer(waiting)} not ready yet: look again later`,
          );
          return [];
        }
        if (to !== undefined && ready.length > 1)
          throw new UserError(
            "bad-flag",
            "several submissions cannot go to one file",
            "name the submission, or leave -o out",
          );
        const all: FetchReport[] = [];
        for (const one of ready) all.push(await engine.batchFetch({ id: one.id, ...(to === undefined ? {} : { to }) }));
        return all;
      });
      if (flags.json || reports.length > 0)
        output(context, flags, { schema: "layoutlab/batch-fetches@1", fetched: reports }, () =>
          reports.map((report) => fetchText(context, report)).join("\n\n"),
        );
      if (reports.length === 0 || reports.some(({ failed }) => failed > 0)) done(exitCodes.incomplete);
      else if (reports.length === 1 && reports[0]?.summary !== undefined) done(exitCodeOf(reports[0].summary));
    });
};

export const registerCancel: Register = (batch, context) => {
  batch
    .command("cancel")
    .description("take submitted batches back; what they answered until then can be fetched")
    .argument(
      "[submission]",
      "by its id, its run's or a batch's, or the start of one (default: the only one that is out)",
    )
    .action(async (id: string | undefined, flags: CommonFlags) => {
      const view = await looking(context, flags, (engine) => engine.batchCancel(id === undefined ? {} : { id }));
      output(context, flags, { schema: "layoutlab/batch-cancel@1", ...view }, () =>
        [
          submissionText(view),
          "",
          view.state === "ready"
            ? `Cancelled. Take in what was answered: layoutlab batch fetch ${view.id}`
            : "The provider is cancelling, which may take minutes: layoutlab batch status",
        ].join("\n"),
      );
    });
};

function submissionText(view: SubmissionView): string {
  const rows = view.batches.map((batch) => [
    batch.id ?? "(not sent yet)",
    batch.model,
    batch.status,
    integer(batch.requests),
    integer(batch.completed),
    integer(batch.failed),
  ]);
  return [
    `${view.id}  ${view.name}: ${integer(view.requests)} requests, ${view.cancelled ? "cancelled, " : ""}${view.state}${view.run === undefined ? "" : `, run ${view.run}`}`,
    table(
      [
        { title: "batch" },
        { title: "model" },
        { title: "status" },
        { title: "requests", align: "right" },
        { title: "answered", align: "right" },
        { title: "failed", align: "right" },
      ],
      rows,
    ),
    ...view.batches.flatMap(({ problems }) => problems.slice(0, 5).map((problem) => `  ${problem}`)),
  ].join("\n");
}

function fetchText(context: CliContext, report: FetchReport): string {
  return [
    `${report.submission}: ${integer(report.answered)} answers taken in, ${integer(report.failed)} requests without one`,
    ...report.missing.slice(0, 10).map(({ request, reason }) => `  ${request}: ${reason}`),
    ...(report.results === undefined ? [] : [`answers: ${context.named(report.results)}`]),
    ...(report.failures === undefined ? [] : [`failures: ${context.named(report.failures)}`]),
    ...(report.summary === undefined ? [] : ["", runReport(report.summary)]),
    ...(report.run !== undefined && report.failed > 0
      ? [
          `Ask for the missing ones again: layoutlab batch submit --retry ${report.run}, or at once: layoutlab run --resume ${report.run} --retry-errors`,
        ]
      : []),
  ].join("\n");
}

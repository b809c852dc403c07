import { mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../base/errors.ts";
import { LineLog, linesOf } from "../../base/node/lines.ts";
import type { RunOptions } from "../api.ts";
import { chatEndpoint, isProblem, readBatchAnswer, readRequest } from "../batch/lines.ts";
import type { RemoteBatches } from "../batch/remote.ts";
import { hasEnded, type Slice, type Submission, type SubmissionSource } from "../batch/submission.ts";
import { answerOf, completeRow } from "../batch/takeIn.ts";
import { design } from "../runner/design.ts";
import type { RunSummary } from "../runner/events.ts";
import type { Services } from "./deps.ts";
import { findRun, type Running } from "./running.ts";
import type { Sources } from "./source.ts";
import type { Submissions } from "./submissions.ts";

/** `layoutlab/batch-fetch@1`. */
export interface FetchReport {
  readonly schema: "layoutlab/batch-fetch@1";
  readonly submission: string;
  readonly run: string | undefined;
  readonly answered: number;
  readonly failed: number;
  /** The first requests without an answer, with why. */
  readonly missing: readonly { readonly request: string; readonly reason: string }[];
  readonly results: string | undefined;
  readonly failures: string | undefined;
  readonly summary: RunSummary | undefined;
}

const toldMissing = 50;

/** Takes in the answers of submissions that have ended, today or days later. */
export class Fetching {
  readonly #services: Services;
  readonly #sources: Sources;
  readonly #running: Running;
  readonly #submissions: Submissions;

  constructor(services: Services, sources: Sources, running: Running, submissions: Submissions) {
    this.#services = services;
    this.#sources = sources;
    this.#running = running;
    this.#submissions = submissions;
  }

  /** Takes the answers in: a file's into `to`, a run's into the run, which is then scored as any other. */
  async fetch(p: { readonly id: string; readonly to?: string }): Promise<FetchReport> {
    const found = await this.#submissions.find(p.id);
    const submission = hasEnded(found) ? found : await this.#submissions.advance(found);
    if (!hasEnded(submission))
      throw new UserError(
        "not-ready",
        `submission ${submission.id} has not ended yet`,
        "look again later with `layoutlab batch status`",
      );
    const remote = await this.#submissions.remote(submission);
    try {
      const report =
        submission.source.kind === "file"
          ? await this.#takeFile(submission, remote, p.to)
          : await this.#takeRun(submission, submission.source, remote);
      await this.#submissions.save({ ...submission, fetchedAt: Math.round(this.#services.deps.clock.now()) });
      await rm(this.#submissions.folder(submission.id), { recursive: true, force: true });
      this.#services.emit("changed", { what: "runs" });
      return report;
    } finally {
      await remote.close();
    }
  }

  async #takeFile(submission: Submission, remote: RemoteBatches, to: string | undefined): Promise<FetchReport> {
    const { source } = submission;
    if (source.kind !== "file") throw new Error("not a file's submission");
    const results = to ?? source.file.replace(/(\.[^.]*)?$/, ".answers.jsonl");
    const failures = `${results.replace(/\.jsonl$/, "")}.errors.jsonl`;
    const counts = { answered: 0, failed: 0 };
    const missing: { request: string; reason: string }[] = [];
    const parts = { results: `${results}.part`, failures: `${failures}.part` };
    for (const part of Object.values(parts)) await rm(part, { force: true });
    const resultLog = await LineLog.open(parts.results, () => {});
    const failureLog = await LineLog.open(parts.failures, () => {});
    try {
      await this.#answers(submission, remote, async (answer, text) => {
        if (answer.error === undefined) counts.answered += 1;
        else {
          counts.failed += 1;
          if (missing.length < toldMissing) missing.push({ request: answer.customId, reason: answer.error.message });
        }
        await (answer.error === undefined ? resultLog : failureLog).add(text);
      });
    } finally {
      await Promise.all([resultLog.close(), failureLog.close()]);
    }
    await rename(parts.results, results);
    if (counts.failed > 0) await rename(parts.failures, failures);
    else await rm(parts.failures, { force: true });
    return {
      schema: "layoutlab/batch-fetch@1",
      submission: submission.id,
      run: undefined,
      ...counts,
      missing,
      results,
      failures: counts.failed > 0 ? failures : undefined,
      summary: undefined,
    };
  }

  async #takeRun(
    submission: Submission,
    source: Extract<SubmissionSource, { readonly kind: "run" }>,
    remote: RemoteBatches,
  ): Promise<FetchReport> {
    const { store } = this.#services;
    const record = await findRun(store, source.run);
    const loaded = await this.#sources.ready({ file: record.file });
    const options = JSON.parse(String(record.settings["options"] ?? "{}")) as RunOptions;
    const providers = this.#running.providers(record.file);
    const counts = { answered: 0, failed: 0 };
    const missing: { request: string; reason: string }[] = [];
    try {
      const prices = await this.#sources.priceTable(record.file, options.prices);
      const planned = await design(loaded, options, { providers, prices }, record.variants);
      for (const [model, scopeThen] of Object.entries(source.scopes)) {
        const now = planned.models.get(model)?.facts.scope;
        if (now !== scopeThen)
          throw new UserError(
            "other-server",
            `${model} was at ${scopeThen} when the batch was sent and is at ${now ?? "no place"} now`,
            "set OPENAI_BASE_URL as it was, then fetch again",
          );
      }
      await this.#answers(submission, remote, async (answer) => {
        const row = Number(/^q(\d+)$/.exec(answer.customId)?.[1]);
        if (!Number.isInteger(row)) return;
        const outcome = answerOf(answer);
        if (outcome.kind === "answered") counts.answered += 1;
        else {
          counts.failed += 1;
          if (missing.length < toldMissing)
            missing.push({ request: answer.customId, reason: "message" in outcome ? outcome.message : outcome.kind });
        }
        await completeRow(store, row, outcome, planned);
      });
    } finally {
      await providers.close();
    }
    // Whatever the batch could not tell must not be asked at the full price now; a model that judges has its own calls to make.
    const { sent } = await store.requests.counts(record.id);
    const judged = loaded.experiment.scoring.some(({ type }) => type === "judge");
    const { run } = await this.#running.resume({
      run: record.id,
      retryErrors: source.retry,
      options: judged ? {} : { maxCalls: Math.max(1, sent) },
    });
    const summary = await this.#running.finished(run);
    return {
      schema: "layoutlab/batch-fetch@1",
      submission: submission.id,
      run,
      ...counts,
      missing,
      results: undefined,
      failures: undefined,
      summary,
    };
  }

  /** Every request's answer once, in any order; those that no file tells of come last, as failures. */
  async #answers(
    submission: Submission,
    remote: RemoteBatches,
    take: (answer: NonNullable<ReturnType<typeof readBatchAnswer>>, text: string) => Promise<void>,
  ): Promise<void> {
    const folder = this.#submissions.folder(submission.id);
    await mkdir(folder, { recursive: true });
    for (const [i, slice] of submission.slices.entries()) {
      const told = new Set<string>();
      for (const [what, file] of [
        ["output", slice.batch?.output],
        ["error", slice.batch?.failures],
      ] as const) {
        if (file === undefined) continue;
        const copy = path.join(folder, `slice-${i}.${what}.jsonl`);
        await remote.download(file, copy);
        for await (const { text } of linesOf(copy)) {
          const answer = readBatchAnswer(text);
          if (answer === undefined || told.has(answer.customId)) continue;
          told.add(answer.customId);
          await take(answer, text);
        }
      }
      await this.#untold(slice, told, take);
    }
  }

  async #untold(
    slice: Slice,
    told: ReadonlySet<string>,
    take: (answer: NonNullable<ReturnType<typeof readBatchAnswer>>, text: string) => Promise<void>,
  ): Promise<void> {
    const [problem] = slice.batch?.problems ?? [];
    const reason =
      problem?.message ??
      (slice.batch === undefined
        ? "it was cancelled before it was sent"
        : `the batch ended as ${slice.batch.status} without it`);
    for await (const { text, number } of linesOf(slice.file)) {
      const read = readRequest(text, number, chatEndpoint);
      if (isProblem(read) || told.has(read.customId)) continue;
      const error = { code: problem?.code ?? "no_answer", message: reason };
      const line = JSON.stringify({ id: "", custom_id: read.customId, response: null, error });
      const answer = readBatchAnswer(line);
      if (answer !== undefined) await take(answer, line);
    }
  }
}

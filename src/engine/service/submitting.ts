import { mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../base/errors.ts";
import { LineLog, linesOf } from "../../base/node/lines.ts";
import { readTrouble } from "../../base/node/wholeFile.ts";
import type { RunOptions } from "../api.ts";
import { checkFile } from "../batch/checkFile.ts";
import { chatEndpoint, isProblem, readBatchAnswer, readRequest, requestLine } from "../batch/lines.ts";
import { openRemote, type RemoteBatches } from "../batch/remote.ts";
import { SliceWriter, usualLimits } from "../batch/slices.ts";
import { advance, cancel, hasEnded, type Slice, type Submission, type SubmissionSource } from "../batch/submission.ts";
import { answerOf, completeRow } from "../batch/takeIn.ts";
import { trialRows } from "../batch/trialRows.ts";
import { keysFromEnv } from "../provider/registry.ts";
import { design } from "../runner/design.ts";
import type { RunSummary } from "../runner/events.ts";
import { exampleRecords, experimentHash, newRecord } from "../runner/newRun.ts";
import { rolls } from "../runner/rolling.ts";
import { isDeadOwner } from "../store/owner.ts";
import type { RunRecord } from "../store/store.ts";
import type { Services } from "./deps.ts";
import { findRun, type Running, runId } from "./running.ts";
import type { Sources } from "./source.ts";

export interface SubmitRequest {
  /** Absolute path of an experiment file or a file of requests; or the id of a run whose missing trials are to be sent. */
  readonly from: string;
  readonly kind: "experiment" | "file" | "retry";
  readonly baseUrl?: string;
  /** For a file: the model of every request. */
  readonly model?: string;
  readonly options?: Pick<RunOptions, "models" | "layouts" | "limit">;
  /** Most tokens that may wait at the provider at once. */
  readonly enqueuedTokens?: number;
  /** Most requests and bytes of one batch. */
  readonly sliceRequests?: number;
  readonly sliceBytes?: number;
}

/** A submission as faces show it. */
export interface SubmissionView {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly run: string | undefined;
  readonly requests: number;
  /** Ready when every batch has ended and nothing was fetched yet. */
  readonly state: "preparing" | "waiting" | "ready" | "fetched";
  /** It was taken back; what was answered before can be fetched once every batch has ended. */
  readonly cancelled: boolean;
  readonly batches: readonly {
    readonly model: string;
    readonly requests: number;
    readonly id: string | undefined;
    readonly status: string;
    readonly completed: number;
    readonly failed: number;
    readonly problems: readonly string[];
  }[];
}

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

const scope = "batch.submission";
const publicUrl = "https://api.openai.com/v1";
/** A row is a batch's for longer than any batch lives. */
const leaseMs = 40 * 86_400_000;
const toldMissing = 50;

/** Sends runs and files to a provider's Batch API, and takes their answers in, today or days later. */
export class Submitting {
  readonly #services: Services;
  readonly #sources: Sources;
  readonly #running: Running;

  constructor(services: Services, sources: Sources, running: Running) {
    this.#services = services;
    this.#sources = sources;
    this.#running = running;
  }

  /** Writes the requests down, then sends them; what cannot be sent now is sent by the next `status` or `fetch`. */
  async submit(p: SubmitRequest): Promise<SubmissionView> {
    await this.#forgetAbandoned();
    const { deps, owner } = this.#services;
    const id = runId(deps.clock.now());
    const folder = this.#folder(id);
    const writer = new SliceWriter(folder, {
      requests: p.sliceRequests ?? usualLimits.requests,
      bytes: p.sliceBytes ?? usualLimits.bytes,
      tokens: p.enqueuedTokens,
    });
    const begin = async (name: string, source: SubmissionSource): Promise<Submission> => {
      const submission: Submission = {
        id,
        createdAt: Math.round(deps.clock.now()),
        name,
        source,
        baseUrl: (p.baseUrl ?? deps.env["OPENAI_BASE_URL"] ?? publicUrl).replace(/\/+$/, ""),
        preparing: owner,
        enqueuedTokens: p.enqueuedTokens,
        slices: [],
        fetchedAt: undefined,
      };
      await this.#save(submission);
      return submission;
    };
    let prepared: Submission;
    try {
      prepared = p.kind === "file" ? await this.#fromFile(p, begin, writer) : await this.#fromRun(p, id, begin, writer);
    } catch (error) {
      await this.#drop(id);
      throw error;
    }
    const slices = await writer.end();
    if (slices.length === 0) {
      await this.#drop(id);
      throw new UserError("nothing-to-send", "there is nothing to send", "everything has its answer already");
    }
    const whole = { ...prepared, slices, preparing: undefined };
    await this.#save(whole);
    return viewOf(await this.#advance(whole));
  }

  /** All submissions, newest first, looked up at their providers when `refresh` is set and they are still out. */
  async list(p: { readonly refresh: boolean; readonly id?: string }): Promise<readonly SubmissionView[]> {
    const views: SubmissionView[] = [];
    for (const submission of await this.#all()) {
      if (p.id !== undefined && !submission.id.startsWith(p.id)) continue;
      const out = submission.preparing === undefined && submission.fetchedAt === undefined && !hasEnded(submission);
      views.push(viewOf(p.refresh && out ? await this.#advance(submission) : submission));
    }
    if (p.id !== undefined && views.length === 0) throw noSubmission(p.id);
    return views;
  }

  /** Takes a submission back at its provider, by its id, its run's or a batch's, or the start of one; without, the only one that is out. */
  async cancel(p: { readonly id?: string }): Promise<SubmissionView> {
    const out = (await this.#all()).filter((one) => one.preparing === undefined && !hasEnded(one));
    const named = p.id === undefined ? out : (await this.#all()).filter((one) => isNamed(one, p.id ?? ""));
    const [found, other] = named;
    if (found === undefined)
      throw p.id === undefined
        ? new UserError("no-submission", "no batch is out", "there is nothing to cancel")
        : noSubmission(p.id);
    if (other !== undefined)
      throw new UserError(
        "several-submissions",
        `${named.length} submissions ${p.id === undefined ? "are out" : `begin with "${p.id}"`}`,
        `name one of ${named.map(({ id }) => id).join(", ")}`,
      );
    if (found.preparing !== undefined)
      throw new UserError(
        "not-sent",
        `submission ${found.id} is still being written`,
        "end the command that writes it",
      );
    if (hasEnded(found))
      throw new UserError(
        "ended",
        `submission ${found.id} has ended`,
        found.fetchedAt === undefined ? "take its answers in with `layoutlab batch fetch`" : "its answers are taken in",
      );
    const remote = await this.#remote(found);
    try {
      return viewOf(await cancel(found, remote, (now) => this.#save(now), Math.round(this.#services.deps.clock.now())));
    } finally {
      await remote.close();
    }
  }

  /** Takes the answers in: a file's into `to`, a run's into the run, which is then scored as any other. */
  async fetch(p: { readonly id: string; readonly to?: string }): Promise<FetchReport> {
    const found = (await this.#all()).find(({ id }) => id.startsWith(p.id));
    if (found === undefined) throw noSubmission(p.id);
    const submission = hasEnded(found) ? found : await this.#advance(found);
    if (!hasEnded(submission))
      throw new UserError(
        "not-ready",
        `submission ${submission.id} has not ended yet`,
        "look again later with `layoutlab batch status`",
      );
    const remote = await this.#remote(submission);
    try {
      const report =
        submission.source.kind === "file"
          ? await this.#takeFile(submission, remote, p.to)
          : await this.#takeRun(submission, submission.source, remote);
      await this.#save({ ...submission, fetchedAt: Math.round(this.#services.deps.clock.now()) });
      await rm(this.#folder(submission.id), { recursive: true, force: true });
      this.#services.emit("changed", { what: "runs" });
      return report;
    } finally {
      await remote.close();
    }
  }

  async #fromFile(
    p: SubmitRequest,
    begin: (name: string, source: SubmissionSource) => Promise<Submission>,
    writer: SliceWriter,
  ): Promise<Submission> {
    const checked = await checkFile(p.from, { endpoint: chatEndpoint }).catch((error: unknown) => {
      throw readTrouble(error, p.from);
    });
    const [first] = checked.problems;
    if (first !== undefined)
      throw new UserError(
        "bad-batch-file",
        first.message.replace(/\.$/, ""),
        "correct the file; nothing was sent",
        `${p.from}:${first.line ?? 1}:1`,
      );
    const submission = await begin(path.basename(p.from), { kind: "file", file: p.from });
    for await (const { text, number } of linesOf(p.from)) {
      if (text.trim() === "") continue;
      const read = readRequest(text, number, chatEndpoint);
      if (isProblem(read)) throw new Error(`line ${number} of a checked file: ${read.message}`);
      const model = bareName(p.model ?? String(read.body["model"]));
      await writer.add(model, requestLine(read.customId, { ...read.body, model }), Math.ceil(text.length / 4));
    }
    return submission;
  }

  async #fromRun(
    p: SubmitRequest,
    id: string,
    begin: (name: string, source: SubmissionSource) => Promise<Submission>,
    writer: SliceWriter,
  ): Promise<Submission> {
    const { store } = this.#services;
    const retry = p.kind === "retry" ? await findRun(store, p.from) : undefined;
    const file = retry?.file ?? p.from;
    const options: RunOptions =
      retry === undefined
        ? { ...p.options, sampling: "full" }
        : (JSON.parse(String(retry.settings["options"] ?? "{}")) as RunOptions);
    const loaded = await this.#sources.ready({ file });
    const providers = this.#running.providers(file);
    try {
      const prices = await this.#sources.priceTable(file, options.prices);
      const planned = await design(loaded, options, { providers, prices }, retry?.variants);
      const elsewhere = [...planned.models.keys()].find((model) => !model.startsWith("openai:"));
      if (elsewhere !== undefined)
        throw new UserError(
          "no-batch-api",
          `${elsewhere} cannot be asked through a Batch API`,
          "name openai models with --models; --base-url takes any server that speaks OpenAI's protocol",
        );
      if (planned.experiment.chain.length > 1 || planned.packed.size > 0 || rolls(planned.experiment))
        throw new UserError(
          "not-one-request",
          "chains, packed examples and rolling conversations need answers in between",
          "run the experiment instead",
        );
      const scopes = Object.fromEntries([...planned.models].map(([model, { facts }]) => [model, facts.scope]));
      const record = retry ?? this.#record(planned, file, options);
      const submission = await begin(record.name, { kind: "run", run: record.id, retry: retry !== undefined, scopes });
      if (retry === undefined) {
        await store.runs.putExamples(planned.dataset.hash, exampleRecords(planned.dataset));
        await store.runs.create(record);
      }
      const cache = planned.experiment.cache.mode === "on" || planned.experiment.cache.mode === "read";
      for await (const { row, body, model, tokens } of trialRows({
        record,
        planned,
        retry: retry !== undefined,
        cache,
        store,
        owner: ownerOf(id),
        leaseMs,
      }))
        await writer.add(bareName(model), requestLine(`q${row}`, body), tokens);
      return submission;
    } finally {
      await providers.close();
    }
  }

  #record(planned: Awaited<ReturnType<typeof design>>, file: string, options: RunOptions): RunRecord {
    const { deps, owner } = this.#services;
    const now = deps.clock.now();
    const record = newRecord(planned, {
      id: runId(now),
      file,
      now,
      owner,
      version: deps.version,
      experimentHash: experimentHash(planned),
      options,
    });
    return { ...record, status: "interrupted", owner: undefined, stopReason: "its requests are out as a batch" };
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
    const folder = this.#folder(submission.id);
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

  async #advance(submission: Submission): Promise<Submission> {
    const remote = await this.#remote(submission);
    try {
      return await advance(submission, remote, (now) => this.#save(now));
    } finally {
      await remote.close();
    }
  }

  async #remote({ baseUrl }: Submission): Promise<RemoteBatches> {
    const { deps } = this.#services;
    const key = (await deps.host.key({ provider: "openai" })) ?? (await keysFromEnv(deps.env)("openai"));
    if (key === undefined && baseUrl === publicUrl)
      throw new UserError("no-key", "there is no key for OpenAI", "set OPENAI_API_KEY or add the key");
    return openRemote({ baseUrl, env: deps.env, key, ...(deps.fetch === undefined ? {} : { fetch: deps.fetch }) });
  }

  async #all(): Promise<readonly Submission[]> {
    const listed = await this.#services.store.state.list(scope);
    return [...listed.values()].map((json) => JSON.parse(json) as Submission).sort((a, b) => b.createdAt - a.createdAt);
  }

  async #save(submission: Submission): Promise<void> {
    await this.#services.store.state.set(scope, submission.id, JSON.stringify(submission));
  }

  /** What a process left half-written was never sent. */
  async #forgetAbandoned(): Promise<void> {
    for (const { id, preparing } of await this.#all())
      if (preparing !== undefined && isDeadOwner(preparing)) await this.#drop(id);
  }

  async #drop(id: string): Promise<void> {
    const { store } = this.#services;
    const json = await store.state.get(scope, id);
    if (json !== undefined) {
      const { source } = JSON.parse(json) as Submission;
      if (source.kind === "run" && !source.retry) await store.runs.delete(source.run);
      await store.state.delete(scope, id);
    }
    await rm(this.#folder(id), { recursive: true, force: true });
  }

  #folder(id: string): string {
    const { deps, store } = this.#services;
    const base =
      store.location === deps.store && deps.store !== ":memory:"
        ? `${deps.store}-files`
        : path.resolve(".layoutlab", "files");
    return path.join(base, "submissions", id);
  }
}

/** Under which rows of the table are held while a batch has them. */
function ownerOf(submission: string): string {
  return `batch:${submission}:0:0`;
}

function bareName(model: string): string {
  return model.startsWith("openai:") ? model.slice("openai:".length) : model;
}

function isNamed({ id, source, slices }: Submission, start: string): boolean {
  const names = [id, source.kind === "run" ? source.run : "", ...slices.map(({ batch }) => batch?.id ?? "")];
  return names.some((name) => name.startsWith(start));
}

function noSubmission(id: string): UserError {
  return new UserError("no-submission", `there is no submission "${id}"`, "`layoutlab batch status` lists them");
}

function viewOf(submission: Submission): SubmissionView {
  const { source, slices } = submission;
  return {
    id: submission.id,
    name: submission.name,
    createdAt: submission.createdAt,
    run: source.kind === "run" ? source.run : undefined,
    requests: slices.reduce((sum, slice) => sum + slice.requests, 0),
    cancelled: submission.cancelledAt !== undefined,
    state:
      submission.fetchedAt !== undefined
        ? "fetched"
        : submission.preparing !== undefined
          ? "preparing"
          : hasEnded(submission)
            ? "ready"
            : "waiting",
    batches: slices.map(({ model, requests, batch, state }) => ({
      model,
      requests,
      id: batch?.id,
      status: batch?.status ?? state,
      completed: batch?.counts.completed ?? 0,
      failed: batch?.counts.failed ?? 0,
      problems: (batch?.problems ?? []).map(({ message, line }) =>
        line === undefined ? message : `line ${line}: ${message}`,
      ),
    })),
  };
}

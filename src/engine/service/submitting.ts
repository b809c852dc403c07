import path from "node:path";
import { UserError } from "../../base/errors.ts";
import { linesOf } from "../../base/node/lines.ts";
import { readTrouble } from "../../base/node/wholeFile.ts";
import type { RunOptions } from "../api.ts";
import { checkFile } from "../batch/checkFile.ts";
import { chatEndpoint, isProblem, readRequest, requestLine } from "../batch/lines.ts";
import { SliceWriter, usualLimits } from "../batch/slices.ts";
import type { Slice, Submission, SubmissionSource } from "../batch/submission.ts";
import { trialRows } from "../batch/trialRows.ts";
import { design } from "../runner/design.ts";
import { exampleRecords, experimentHash, newRecord } from "../runner/newRun.ts";
import { rolls } from "../runner/rolling.ts";
import type { RunRecord } from "../store/store.ts";
import type { Services } from "./deps.ts";
import { findRun, type Running, runId } from "./running.ts";
import type { Sources } from "./source.ts";
import { publicUrl, type Submissions, type SubmissionView, viewOf } from "./submissions.ts";

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

/** A row is a batch's for longer than any batch lives. */
const leaseMs = 40 * 86_400_000;

/** Sends runs and files to a provider's Batch API. */
export class Submitting {
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

  /** Writes the requests down, then sends them; what cannot be sent now is sent by the next `status` or `fetch`. */
  async submit(p: SubmitRequest): Promise<SubmissionView> {
    await this.#submissions.forgetAbandoned();
    const { deps, owner } = this.#services;
    const id = runId(deps.clock.now());
    const folder = this.#submissions.folder(id);
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
      await this.#submissions.save(submission);
      return submission;
    };
    let prepared: Submission;
    let slices: readonly Slice[];
    try {
      prepared = p.kind === "file" ? await this.#fromFile(p, begin, writer) : await this.#fromRun(p, id, begin, writer);
      slices = await writer.end();
    } catch (error) {
      await writer.close();
      await this.#submissions.drop(id);
      throw error;
    }
    if (slices.length === 0) {
      await this.#submissions.drop(id);
      throw new UserError("nothing-to-send", "there is nothing to send", "everything has its answer already");
    }
    const whole = { ...prepared, slices, preparing: undefined };
    await this.#submissions.save(whole);
    return viewOf(await this.#submissions.advance(whole));
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
}

/** Under which rows of the table are held while a batch has them. */
function ownerOf(submission: string): string {
  return `batch:${submission}:0:0`;
}

function bareName(model: string): string {
  return model.startsWith("openai:") ? model.slice("openai:".length) : model;
}

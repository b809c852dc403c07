import type { Clock } from "../../base/clock.ts";
import { sleep } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Fields } from "../../base/untyped.ts";
import { answerFile, type FileJob, openAnswers, recordUnsent } from "../batch/answerFile.ts";
import type { Asked, Asker } from "../batch/asker.ts";
import { checkFile } from "../batch/checkFile.ts";
import type { StateTable } from "../store/store.ts";
import { type BatchRecord, newBatch } from "./batchRecord.ts";
import { noBatch, noFile, refuse } from "./refusals.ts";
import type { Shelf } from "./shelf.ts";

export interface DeskOptions {
  readonly state: StateTable;
  readonly shelf: Shelf;
  readonly asker: Asker;
  readonly clock: Clock;
  /** Most requests of one batch. */
  readonly maxRequests: number;
  readonly warn: (message: string) => void;
}

const scope = "serve.batch";

/** Batches worked on at once; the others wait, as one provider is shared by all. */
const atOnce = 2;
/** Requests of a batch held in memory. */
const window = 256;
/** Between two looks at a provider that is down. */
const downMs = 15_000;
/** How often counts are stored while a batch is going; the files are what a restart goes by. */
const saveEveryMs = 500;

/** What is going on with a batch in this process. */
interface Going {
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/**
 * Takes batches from their creation to their end. What has been answered stands in the batch's own files, line by line, so a
 * server that was killed reads them and goes on behind the last whole line.
 */
export class Desk {
  readonly #o: DeskOptions;
  readonly #batches: Map<string, BatchRecord>;
  readonly #going = new Map<string, Going>();
  readonly #waiting: (() => void)[] = [];
  #working = 0;
  #sequence: number;
  #closing = false;

  private constructor(options: DeskOptions, batches: Map<string, BatchRecord>) {
    this.#o = options;
    this.#batches = batches;
    this.#sequence = Math.max(0, ...[...batches.values()].map((batch) => batch.sequence + 1));
  }

  /** Reads what the store knows and goes on with what had not ended. */
  static async open(options: DeskOptions): Promise<Desk> {
    const batches = new Map<string, BatchRecord>();
    for (const [id, json] of await options.state.list(scope)) batches.set(id, JSON.parse(json) as BatchRecord);
    const desk = new Desk(options, batches);
    for (const batch of desk.list().toReversed()) if (!hasEnded(batch)) desk.#start(batch.id);
    return desk;
  }

  async create(body: Fields): Promise<BatchRecord> {
    const batch = newBatch(body, this.#sequence++, Math.round(this.#o.clock.now()));
    const file = this.#o.shelf.get(batch.input) ?? noFile(batch.input);
    if (file.purpose !== "batch")
      refuse(
        400,
        `The file ${file.id} was uploaded with purpose '${file.purpose}'; a batch needs 'batch'.`,
        "input_file_id",
        "invalid_file_purpose",
      );
    await this.#save(batch);
    this.#start(batch.id);
    return batch;
  }

  get(id: string): BatchRecord {
    return this.#batches.get(id) ?? noBatch(id);
  }

  /** Newest first. */
  list(): readonly BatchRecord[] {
    return [...this.#batches.values()].sort((a, b) => b.sequence - a.sequence);
  }

  /** Whether a batch that has not ended still needs the file; its id. */
  user(file: string): string | undefined {
    return this.list().find((batch) => !hasEnded(batch) && batch.input === file)?.id;
  }

  async cancel(id: string): Promise<BatchRecord> {
    const batch = this.get(id);
    if (batch.status !== "validating" && batch.status !== "in_progress")
      refuse(400, `Cannot cancel a batch with status '${batch.status}'.`);
    const moments = { ...batch.moments, cancelling: this.#now() };
    const cancelling = await this.#save({ ...batch, status: "cancelling", ending: "cancelled", moments });
    this.#going.get(id)?.stop.abort();
    return cancelling;
  }

  /** Stops what is going; everything that was answered is kept, and the next server goes on. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const { stop } of this.#going.values()) stop.abort();
    for (const wake of this.#waiting.splice(0)) wake();
    await Promise.all([...this.#going.values()].map(({ done }) => done));
  }

  #now(): number {
    return Math.round(this.#o.clock.now());
  }

  async #save(batch: BatchRecord): Promise<BatchRecord> {
    this.#batches.set(batch.id, batch);
    await this.#o.state.set(scope, batch.id, JSON.stringify(batch));
    return batch;
  }

  #start(id: string): void {
    const stop = new AbortController();
    const done = this.#turn(stop.signal)
      .then(() => (this.#closing ? undefined : this.#process(id, stop.signal)))
      .catch((error: unknown) => this.#broke(id, error))
      .finally(() => {
        this.#going.delete(id);
        this.#working -= 1;
        this.#waiting.shift()?.();
      });
    this.#going.set(id, { stop, done });
  }

  /** Waits until few enough others are going. */
  async #turn(signal: AbortSignal): Promise<void> {
    while (this.#working >= atOnce && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    this.#working += 1;
  }

  /** A disk that refuses, or a bug: the batch ends, and what was answered can be had. */
  async #broke(id: string, error: unknown): Promise<void> {
    this.#o.warn(`batch ${id}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    const batch = this.get(id);
    const problem = { code: "server_error", message: messageOf(error), param: null, line: null };
    const moments = { ...batch.moments, failed: this.#now() };
    await this.#save({ ...batch, status: "failed", problems: [problem], moments }).catch((unsaved: unknown) =>
      this.#o.warn(`batch ${id}: its end could not be stored (${messageOf(unsaved)})`),
    );
  }

  async #process(id: string, signal: AbortSignal): Promise<void> {
    if (this.get(id).status === "validating" && !(await this.#validate(id, signal))) return;
    if (this.get(id).status === "in_progress" && !(await this.#work(id, signal))) return;
    if (!hasEnded(this.get(id))) await this.#finish(id);
  }

  /** False when it has ended here. */
  async #validate(id: string, signal: AbortSignal): Promise<boolean> {
    const batch = this.get(id);
    const { maxRequests, shelf } = this.#o;
    let checked: Awaited<ReturnType<typeof checkFile>>;
    try {
      checked = await checkFile(shelf.path(batch.input), { endpoint: batch.endpoint, maxRequests, signal });
    } catch (error) {
      if (signal.aborted) return !this.#closing;
      throw error;
    }
    // Cancelled meanwhile.
    const now = this.get(id);
    const counts = { total: checked.requests, completed: 0, failed: 0 };
    const [model] = checked.models.keys();
    const known = { ...now, counts, model: checked.models.size === 1 ? model : undefined };
    if (checked.problems.length > 0 && now.status === "validating") {
      const moments = { ...now.moments, failed: this.#now() };
      await this.#save({
        ...known,
        status: "failed",
        counts: { ...counts, total: 0 },
        problems: checked.problems,
        moments,
      });
      return false;
    }
    if (now.status === "validating")
      await this.#save({ ...known, status: "in_progress", moments: { ...now.moments, in_progress: this.#now() } });
    else await this.#save(known);
    return true;
  }

  /** Answers what has no answer yet. False when the server closes before the end. */
  async #work(id: string, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#o;
    const expiry = new AbortController();
    const cancelExpiry = clock.after(this.get(id).expiresAt - clock.now(), () => expiry.abort());
    const either = AbortSignal.any([signal, expiry.signal]);
    try {
      for (;;) {
        const end = await this.#answer(id, either);
        if (end.kind === "done" || either.aborted) break;
        if (end.kind === "stopped") {
          const why = end.by.outcome.kind === "unavailable" ? end.by.outcome.message : "it is refused";
          this.#o.warn(`batch ${id} waits: ${end.by.model ?? "the model"} cannot be reached (${why})`);
          // It rejects when it is cut short, which is looked at next.
          await sleep(clock, downMs, either).catch(() => {});
          if (either.aborted) break;
        }
      }
    } finally {
      cancelExpiry();
    }
    if (this.#closing) return false;
    const batch = this.get(id);
    const moments = { ...batch.moments, finalizing: this.#now() };
    if (batch.status === "cancelling") return true;
    const ending =
      expiry.signal.aborted && batch.counts.completed + batch.counts.failed < batch.counts.total
        ? "expired"
        : batch.ending;
    await this.#save({ ...batch, status: "finalizing", ending, moments });
    return true;
  }

  async #answer(id: string, signal: AbortSignal) {
    const { asker } = this.#o;
    const files = await this.#files(id);
    let { completed, failed, usage } = files;
    const note = () => {
      const batch = this.get(id);
      const counts = { ...batch.counts, completed, failed };
      this.#batches.set(id, { ...batch, counts, usage });
    };
    note();
    let cancelSave = () => {};
    const saveLater = () => {
      cancelSave = this.#o.clock.after(saveEveryMs, () => {
        this.#save(this.get(id)).catch((error: unknown) => this.#o.warn(`batch ${id}: ${messageOf(error)}`));
        saveLater();
      });
    };
    saveLater();
    try {
      return await answerFile(
        {
          ...files.job,
          done: new Set(files.answered.keys()),
          window,
          note: undefined,
          ask: (body, stop) =>
            asker.ask({ ...body, stream: false, stream_options: undefined }, { signal: stop, owner: id }),
          onFailure: ({ gaveUp }) => (gaveUp ? "stop" : "record"),
          onDone: (asked) => {
            if (asked.status === 200) completed += 1;
            else failed += 1;
            usage = plus(usage, asked);
            note();
          },
        },
        { soon: signal, now: signal },
      );
    } finally {
      cancelSave();
      await Promise.all([files.job.results.close(), files.job.failures.close()]);
      await this.#save(this.get(id));
    }
  }

  async #files(id: string) {
    const batch = this.get(id);
    const { shelf } = this.#o;
    const opened = await openAnswers(shelf.path(batch.output), shelf.path(batch.failures));
    const job: Pick<FileJob, "input" | "results" | "failures" | "endpoint" | "seed"> = {
      input: shelf.path(batch.input),
      results: opened.results,
      failures: opened.failures,
      endpoint: batch.endpoint,
      seed: id,
    };
    return { ...opened, job };
  }

  /** Writes what was never sent, puts the files on the shelf and ends the batch. Done twice it changes nothing. */
  async #finish(id: string): Promise<void> {
    const batch = this.get(id);
    const { shelf } = this.#o;
    const files = await this.#files(id);
    const { results, failures } = files.job;
    let unsent = 0;
    const why = batch.ending === "expired" ? expired : cancelled;
    try {
      if (batch.ending !== "completed") unsent = await recordUnsent(files.job, new Set(files.answered.keys()), why);
    } finally {
      await Promise.all([results.close(), failures.close()]);
    }
    const lastsMs = batch.outputLastsMs;
    const put = (file: string, what: string) =>
      shelf.add(file, { filename: `${id}_${what}.jsonl`, purpose: "batch_output", lastsMs });
    const hasOutput = results.bytes > 0;
    const hasFailures = failures.bytes > 0;
    if (hasOutput) await put(batch.output, "output");
    if (hasFailures) await put(batch.failures, "error");
    await this.#save({
      ...this.get(id),
      status: batch.ending,
      hasOutput,
      hasFailures,
      counts: { ...batch.counts, completed: files.completed, failed: files.failed + unsent },
      usage: files.usage,
      moments: { ...batch.moments, [batch.ending]: this.#now() },
    });
  }
}

const expired = {
  code: "batch_expired",
  message: "This request could not be executed before the completion window expired.",
};
const cancelled = { code: "batch_cancelled", message: "The batch was cancelled before this request was executed." };

function hasEnded({ status }: BatchRecord): boolean {
  return status === "completed" || status === "failed" || status === "expired" || status === "cancelled";
}

function plus(usage: BatchRecord["usage"], { outcome }: Asked): BatchRecord["usage"] {
  if (outcome.kind !== "answered") return usage;
  const { promptTokens, cachedTokens, completionTokens } = outcome.usage;
  return {
    prompt: usage.prompt + (promptTokens ?? 0),
    cached: usage.cached + (cachedTokens ?? 0),
    completion: usage.completion + (completionTokens ?? 0),
  };
}

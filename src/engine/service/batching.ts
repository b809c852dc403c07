import { createReadStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import path from "node:path";
import { messageOf, UserError } from "../../base/errors.ts";
import { linesOf } from "../../base/node/lines.ts";
import { readTrouble, writeTrouble, writeWhole } from "../../base/node/wholeFile.ts";
import { analyzeAnswers, type BatchAnalysis } from "../batch/analyze.ts";
import { answerFile, openAnswers } from "../batch/answerFile.ts";
import type { Asked } from "../batch/asker.ts";
import { checkFile } from "../batch/checkFile.ts";
import { type BodyMaker, type Converted, convertRows, templateMaker } from "../batch/convert.ts";
import { chatEndpoint, type OwnNote } from "../batch/lines.ts";
import { sampleCsv } from "../batch/sample.ts";
import { specMaker } from "../batch/specMaker.ts";
import { guessExpected } from "../dataset/columns.ts";
import { DataError } from "../dataset/dataError.ts";
import { readRecords } from "../dataset/records.ts";
import { samplesOf } from "../gpu/gpu.ts";
import { costOf, priceOf } from "../plan/prices.ts";
import type { ProviderFacts } from "../provider/provider.ts";
import { design } from "../runner/prepare.ts";
import type { DataFormat } from "../spec/experiment.ts";
import type { Services } from "./deps.ts";
import type { Running } from "./running.ts";
import { type AskingOptions, askerFor } from "./serving.ts";
import type { Sources } from "./source.ts";

export interface ConvertRequest {
  /** Names the work in progress events. */
  readonly job: string;
  /** Absolute paths. */
  readonly from: string;
  readonly to: string;
  /** What requests are made by: a template file, or an experiment with a layout and a model of it. */
  readonly template?: string;
  readonly spec?: string;
  readonly layout?: string;
  readonly model?: string;
  /** Column of the `custom_id`. */
  readonly id?: string;
  readonly limit?: number;
}

/** `layoutlab/batch-convert@1`. */
export interface ConvertReport {
  readonly schema: "layoutlab/batch-convert@1";
  readonly file: string;
  readonly bytes: number;
  readonly written: number;
  readonly skipped: number;
  readonly trimmed: number;
  readonly bad: Converted["bad"];
}

export interface BatchRunRequest extends AskingOptions {
  readonly job: string;
  readonly from: string;
  readonly to: string;
  /** Default: beside `to`, with `.errors` before its ending. */
  readonly failures?: string;
  /** Ask again for what failed before. */
  readonly retryErrors?: boolean;
}

/** `layoutlab/batch-run@1`. */
export interface BatchRunReport {
  readonly schema: "layoutlab/batch-run@1";
  readonly status: "finished" | "stopped" | "interrupted";
  /** Why it stopped; undefined when it is finished. */
  readonly reason: string | undefined;
  /** Whether the user's input is why: a key, a name or a quota. */
  readonly rejected: boolean;
  readonly requests: number;
  readonly completed: number;
  readonly failed: number;
  /** Of those, how many stood in the files before. */
  readonly known: number;
  readonly results: string;
  /** Undefined when nothing failed. */
  readonly failures: string | undefined;
  /** Of what was asked this time. */
  readonly tokens: { readonly prompt: number; readonly completion: number; readonly cached: number };
  /** US dollars of what was asked this time; null when a price is unknown. */
  readonly cost: number | null;
  readonly durationMs: number;
}

export interface AnalyzeRequest {
  /** Result and error files. */
  readonly from: readonly string[];
  /** A table with right answers, joined by its id or by `row-N`. */
  readonly expected?: string;
  readonly column?: string;
  readonly id?: string;
  readonly rows?: number;
  /** True when a provider's batch gave the answers, at half the price. */
  readonly halfPrice?: boolean;
}

/** How far a conversion or a batch run is. */
export interface BatchProgress {
  readonly job: string;
  readonly done: number;
  /** Undefined while it is not known. */
  readonly total: number | undefined;
  readonly failed: number;
  readonly perSecond: number;
  readonly waits: string | undefined;
}

/** Requests held in memory, those that wait for a slot among them. */
const window = 512;
const tellEveryMs = 100;

interface Job {
  readonly soon: AbortController;
  readonly now: AbortController;
  readonly withdraw: () => void;
}

/** Files of requests: made from tables, answered, and read for what they say. */
export class Batching {
  readonly #services: Services;
  readonly #sources: Sources;
  readonly #running: Running;
  readonly #jobs = new Map<string, Job>();

  constructor(services: Services, sources: Sources, running: Running) {
    this.#services = services;
    this.#sources = sources;
    this.#running = running;
  }

  /** @throws UserError for a table that cannot be read, or a template that makes no requests. */
  async convert(p: ConvertRequest): Promise<ConvertReport> {
    const maker = await this.#maker(p);
    const report: Converted = { written: 0, skipped: 0, trimmed: 0, bad: [] };
    const stop = new AbortController();
    this.#jobs.set(p.job, { soon: stop, now: stop, withdraw: () => {} });
    const { tell, end } = this.#progress(p.job, () => ({
      done: report.written + report.skipped,
      failed: report.skipped,
    }));
    const rows = convertRows(
      readFrom(p.from),
      maker,
      { format: formatOf(p.from), id: p.id, limit: p.limit, onRow: tell },
      report,
    );
    async function* lines() {
      for await (const line of rows) {
        stop.signal.throwIfAborted();
        yield `${line}\n`;
      }
    }
    try {
      await writeWhole(p.to, lines());
    } catch (error) {
      if (stop.signal.aborted) throw new UserError("interrupted", "the conversion was stopped", "nothing was written");
      throw tableTrouble(error, p.from);
    } finally {
      end();
      this.#jobs.delete(p.job);
    }
    const { size } = await stat(p.to);
    return { schema: "layoutlab/batch-convert@1", file: p.to, bytes: size, ...report };
  }

  /** Answers a file of requests, going on behind what the result files hold. */
  async run(p: BatchRunRequest): Promise<BatchRunReport> {
    const { deps } = this.#services;
    const failures = p.failures ?? failuresBeside(p.to);
    const begun = deps.clock.monotonic();
    const providers = this.#running.providers(p.from, p.concurrency);
    try {
      const asker = await askerFor(this.#services, providers, p);
      const soon = new AbortController();
      const now = new AbortController();
      this.#jobs.set(p.job, { soon, now, withdraw: () => asker.withdraw(p.job) });
      try {
        if (p.retryErrors === true) await rm(failures, { force: true });
        const opened = await openAnswers(p.to, failures).catch((error: unknown) => {
          throw writeTrouble(error, p.to);
        });
        try {
          const checked = await this.#check(p, opened.answered, (name) => asker.resolve(name));
          const tally = { completed: opened.completed, failed: opened.failed, prompt: 0, completion: 0, cached: 0 };
          let cost: number | null = 0;
          const worked = new Set<string>();
          let isLocal = false;
          const prices = await this.#sources.priceTable(p.from);
          const priceFor = new Map<string, ReturnType<typeof priceOf>>();
          for (const name of checked.models.keys()) {
            const id = asker.resolve(name);
            if (id === undefined) continue;
            const { provider, model } = await providers.openModel(id);
            const facts: ProviderFacts = provider.facts(model);
            isLocal ||= facts.local;
            priceFor.set(id, priceOf(id, facts, prices));
          }
          const cards = this.#watchCards(isLocal);
          const { tell, end } = this.#progress(
            p.job,
            () => ({ done: tally.completed + tally.failed, failed: tally.failed }),
            { total: checked.requests, known: opened.completed + opened.failed, waits: () => waitsOf(asker.queue) },
          );
          const count = (asked: Asked) => {
            if (asked.outcome.kind !== "answered") {
              tally.failed += 1;
              return;
            }
            tally.completed += 1;
            if (asked.model !== undefined) worked.add(asked.model);
            const { promptTokens = 0, completionTokens = 0, cachedTokens = 0 } = withZeros(asked.outcome.usage);
            tally.prompt += promptTokens;
            tally.completion += completionTokens;
            tally.cached += cachedTokens;
            const price = asked.model === undefined ? undefined : priceFor.get(asked.model);
            const paid =
              price && costOf(price, { prompt: promptTokens, cached: cachedTokens, completion: completionTokens });
            cost = cost === null || paid === undefined ? null : cost + paid;
          };
          const ended = await answerFile(
            {
              input: p.from,
              results: opened.results,
              failures: opened.failures,
              endpoint: chatEndpoint,
              done: new Set(opened.answered.keys()),
              seed: "",
              window,
              note: (asked) => noteOf(asked, deps.clock.now(), cards.usedMb()),
              ask: (body, signal) =>
                asker.ask({ ...body, stream: false, stream_options: undefined }, { signal, owner: p.job }),
              onFailure: (asked) => (isHopeless(asked, worked) ? "stop" : "record"),
              onDone: (asked) => {
                count(asked);
                tell();
              },
            },
            { soon: soon.signal, now: now.signal },
          )
            .catch((error: unknown) => {
              throw writeTrouble(error, p.to);
            })
            .finally(() => {
              end();
              cards.dispose();
            });
          const { completed, failed, ...tokens } = tally;
          const stopped = ended.kind === "stopped" ? ended.by : undefined;
          return {
            schema: "layoutlab/batch-run@1",
            status: ended.kind === "done" ? "finished" : ended.kind === "aborted" ? "interrupted" : "stopped",
            reason:
              stopped &&
              `${stopped.model}: ${"message" in stopped.outcome ? stopped.outcome.message : "it was refused"}`,
            rejected: stopped?.outcome.kind === "rejected",
            requests: checked.requests,
            completed,
            failed,
            known: opened.completed + opened.failed,
            results: p.to,
            failures: failed > 0 ? failures : undefined,
            tokens,
            cost,
            durationMs: Math.round(deps.clock.monotonic() - begun),
          };
        } finally {
          await Promise.all([opened.results.close(), opened.failures.close()]);
          if (opened.failures.bytes === 0) await rm(failures, { force: true });
        }
      } finally {
        this.#jobs.delete(p.job);
        asker.close();
      }
    } finally {
      await providers.close();
    }
  }

  /** Ends a job: what is under way is finished first, unless it is to end `now`. */
  stop(name: string, now: boolean): void {
    const job = this.#jobs.get(name);
    job?.soon.abort();
    job?.withdraw();
    if (now) job?.now.abort();
  }

  async analyze(p: AnalyzeRequest): Promise<BatchAnalysis> {
    const prices = await this.#sources.priceTable(p.from[0] ?? "");
    const expected = p.expected === undefined ? undefined : await this.#expected(p.expected, p.column, p.id);
    async function* lines() {
      for (const file of p.from) for await (const { text } of linesOf(file)) yield text;
    }
    try {
      return await analyzeAnswers(lines(), {
        expected,
        // Models that run here cost nothing; a bare name is OpenAI's.
        price: (model) => priceOf(model, { free: /^(ollama|builtin|replay):/.test(model) }, prices),
        priceShare: p.halfPrice === true ? 0.5 : 1,
        rows: p.rows,
      });
    } catch (error) {
      throw readTrouble(error, p.from.join(", "));
    }
  }

  /** A made-up table with the awkward rows of real ones. */
  async sample(p: {
    readonly to: string;
    readonly rows: number;
    readonly seed: number;
  }): Promise<{ readonly rows: number }> {
    async function* pieces() {
      yield* sampleCsv(p.rows, p.seed);
    }
    await writeWhole(p.to, pieces());
    return { rows: p.rows };
  }

  /** Stops every job and leaves what is stored. */
  close(): void {
    for (const name of this.#jobs.keys()) this.stop(name, true);
  }

  async #maker(p: ConvertRequest): Promise<BodyMaker> {
    if (p.spec === undefined) {
      if (p.template === undefined) throw new Error("a conversion needs a template or an experiment");
      const text = await this.#sources.text({ file: p.template });
      try {
        return templateMaker(text, p.model);
      } catch (error) {
        throw new UserError(
          "bad-template",
          `${p.template}: ${messageOf(error)}`,
          "see docs/batch.md for what a template is",
        );
      }
    }
    const providers = this.#running.providers(p.spec);
    try {
      const loaded = await this.#sources.ready({ file: p.spec });
      const planned = await design(
        loaded,
        {
          ...(p.layout === undefined ? {} : { layouts: [p.layout] }),
          models: [p.model ?? loaded.experiment.models[0] ?? ""],
        },
        { providers, prices: await this.#sources.priceTable(p.spec) },
      );
      const [variant] = planned.variants;
      // OpenAI's own service knows its models by their bare names.
      const bodyModel = variant?.model.startsWith("openai:") ? undefined : variant?.model;
      return specMaker(planned, undefined, bodyModel);
    } finally {
      await providers.close();
    }
  }

  async #check(
    p: BatchRunRequest,
    answered: ReadonlyMap<string, string>,
    resolve: (name: string) => string | undefined,
  ) {
    const checked = await checkFile(p.from, { endpoint: chatEndpoint, answered }).catch((error: unknown) => {
      throw readTrouble(error, p.from);
    });
    const [first] = checked.problems;
    if (first !== undefined) {
      const more = checked.problemCount > 1 ? ` (and ${checked.problemCount - 1} more)` : "";
      const where = first.line === null ? p.from : `${p.from}:${first.line}:1`;
      throw new UserError(
        "bad-batch-file",
        `${first.message.replace(/\.$/, "")}${more}`,
        "correct the file; nothing was sent",
        where,
      );
    }
    for (const [name, line] of checked.models) {
      if (resolve(name) !== undefined) continue;
      throw new UserError(
        "unknown-model",
        `the model "${name}" names no provider`,
        `add --model provider:model, such as --model openai:${name}`,
        `${p.from}:${line}:1`,
      );
    }
    if (checked.changed.length > 0) {
      throw new UserError(
        "other-answers",
        `${p.to} answers other requests (${checked.changed[0]} and ${checked.changed.length - 1} more have changed)`,
        "name another file with -o, or delete that one",
      );
    }
    return checked;
  }

  async #expected(
    file: string,
    column: string | undefined,
    id: string | undefined,
  ): Promise<ReadonlyMap<string, string>> {
    const expected = new Map<string, string>();
    let right = column;
    try {
      for await (const { fields, row } of readRecords(readFrom(file), formatOf(file), () => {})) {
        right ??= guessExpected(Object.keys(fields));
        if (right === undefined)
          throw new UserError("no-column", `${file} has no column of right answers`, "name it with --column");
        const value = String(fields[right] ?? "").trim();
        if (value !== "") expected.set(id === undefined ? `row-${row}` : String(fields[id] ?? "").trim(), value);
      }
    } catch (error) {
      throw tableTrouble(error, file);
    }
    return expected;
  }

  /** The memory in use on the fullest card, looked at while local models work. */
  #watchCards(isLocal: boolean): { usedMb(): number | undefined; dispose(): void } {
    if (!isLocal) return { usedMb: () => undefined, dispose: () => {} };
    const { gpus } = this.#services;
    let used: number | undefined;
    const listening = gpus.onReport((report) => {
      const samples = samplesOf(report).map(({ usedBytes }) => usedBytes);
      used = samples.length === 0 ? undefined : Math.round(Math.max(...samples) / 2 ** 20);
    });
    const held = gpus.hold();
    return {
      usedMb: () => used,
      dispose: () => {
        held.dispose();
        listening.dispose();
      },
    };
  }

  /** Tells of the progress now and then. */
  #progress(
    job: string,
    counts: () => { readonly done: number; readonly failed: number },
    more: { readonly total?: number; readonly known?: number; readonly waits?: () => string | undefined } = {},
  ): { readonly tell: () => void; readonly end: () => void } {
    const { clock } = this.#services.deps;
    const begun = clock.monotonic();
    let told = Number.NEGATIVE_INFINITY;
    const fire = () => {
      const { done, failed } = counts();
      const seconds = Math.max(0.001, (clock.monotonic() - begun) / 1000);
      this.#services.emit("batch", {
        job,
        done,
        failed,
        total: more.total,
        perSecond: (done - (more.known ?? 0)) / seconds,
        waits: more.waits?.(),
      });
    };
    return {
      tell: () => {
        const now = clock.monotonic();
        if (now - told < tellEveryMs) return;
        told = now;
        fire();
      },
      end: fire,
    };
  }
}

function noteOf({ outcome, model, attempts }: Asked, at: number, vramMb: number | undefined): OwnNote {
  const latency = outcome.kind === "answered" ? Math.round(outcome.timing.latencyMs * 10) / 10 : null;
  return {
    model: model ?? "",
    latency_ms: latency,
    attempts,
    at,
    ...(vramMb === undefined ? {} : { vram_mb: vramMb }),
  };
}

function withZeros(usage: Extract<Asked["outcome"], { kind: "answered" }>["usage"]) {
  return {
    promptTokens: usage.promptTokens ?? 0,
    completionTokens: usage.completionTokens ?? 0,
    cachedTokens: usage.cachedTokens ?? 0,
  };
}

/** Asking on would fail the same way every time; a model that answered before is only refused this one request. */
function isHopeless(asked: Asked, worked: ReadonlySet<string>): boolean {
  if (asked.gaveUp) return true;
  const { outcome, model } = asked;
  if (outcome.kind !== "rejected" || outcome.reason === "badRequest" || model === undefined) return false;
  return outcome.reason === "quota" || !worked.has(model);
}

function waitsOf(queue: {
  waiting(): readonly { readonly model: string; readonly reason: { readonly kind: string } }[];
}) {
  const [first] = queue.waiting();
  return first === undefined || first.reason.kind === "concurrency"
    ? undefined
    : `${first.model}: ${first.reason.kind}`;
}

/** `results.jsonl` has `results.errors.jsonl` beside it. */
export function failuresBeside(results: string): string {
  const { dir, name, ext } = path.parse(results);
  return path.join(dir, `${name}.errors${ext}`);
}

function readFrom(file: string): AsyncIterable<Uint8Array> {
  return createReadStream(file, { highWaterMark: 1 << 18 });
}

const formats: Readonly<Record<string, DataFormat>> = {
  ".tsv": "tsv",
  ".tab": "tsv",
  ".jsonl": "jsonl",
  ".ndjson": "jsonl",
  ".json": "json",
};

function formatOf(file: string): DataFormat {
  return formats[path.extname(file).toLowerCase()] ?? "csv";
}

function tableTrouble(error: unknown, file: string): unknown {
  if (error instanceof DataError)
    return new UserError(error.code, error.message, error.action, `${file}:${error.line}:1`);
  return readTrouble(error, file);
}

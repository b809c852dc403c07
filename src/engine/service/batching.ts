import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import { messageOf, UserError } from "../../base/errors.ts";
import { linesOf } from "../../base/node/lines.ts";
import { readTrouble, writeWhole } from "../../base/node/wholeFile.ts";
import { analyzeAnswers, type BatchAnalysis } from "../batch/analyze.ts";
import { type BodyMaker, type Converted, convertRows, templateMaker } from "../batch/convert.ts";
import { sampleCsv } from "../batch/sample.ts";
import { specMaker } from "../batch/specMaker.ts";
import { guessExpected } from "../dataset/columns.ts";
import { DataError, dataTrouble } from "../dataset/dataError.ts";
import { readRecords } from "../dataset/records.ts";
import { priceOf } from "../plan/prices.ts";
import { design } from "../runner/design.ts";
import type { DataFormat } from "../spec/experiment.ts";
import type { BatchJobs } from "./batchJobs.ts";
import type { Running } from "./running.ts";
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

/** Files of requests: made from tables, and read for what came of them. */
export class Batching {
  readonly #sources: Sources;
  readonly #running: Running;
  readonly #jobs: BatchJobs;

  constructor(sources: Sources, running: Running, jobs: BatchJobs) {
    this.#sources = sources;
    this.#running = running;
    this.#jobs = jobs;
  }

  /** @throws UserError for a table that cannot be read, or a template that makes no requests. */
  async convert(p: ConvertRequest): Promise<ConvertReport> {
    const maker = await this.#maker(p);
    const report: Converted = { written: 0, skipped: 0, trimmed: 0, bad: [] };
    const { soon } = this.#jobs.begin(p.job);
    const { tell, end } = this.#jobs.progress(p.job, () => ({
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
        soon.throwIfAborted();
        yield `${line}\n`;
      }
    }
    try {
      await writeWhole(p.to, lines());
    } catch (error) {
      if (soon.aborted) throw new UserError("interrupted", "the conversion was stopped", "nothing was written");
      throw tableTrouble(error, p.from);
    } finally {
      end();
      this.#jobs.end(p.job);
    }
    const { size } = await stat(p.to);
    return { schema: "layoutlab/batch-convert@1", file: p.to, bytes: size, ...report };
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
        price: (model, free) => priceOf(model, { free: free || /^(ollama|builtin|replay):/.test(model) }, prices),
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
  if (error instanceof DataError) return dataTrouble(error, file);
  return readTrouble(error, file);
}

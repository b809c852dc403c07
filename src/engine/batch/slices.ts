import { mkdirSync } from "node:fs";
import path from "node:path";
import { LineLog } from "../../base/node/lines.ts";
import type { Slice } from "./submission.ts";

/** What one file of requests may hold. */
export interface SliceLimits {
  readonly requests: number;
  readonly bytes: number;
  /** Estimated prompt tokens; undefined is no limit. */
  readonly tokens: number | undefined;
}

/** OpenAI's limits for one batch. */
export const usualLimits = { requests: 50_000, bytes: 200_000_000 };

interface Open {
  readonly model: string;
  readonly file: string;
  readonly log: LineLog;
  requests: number;
  bytes: number;
  tokens: number;
  writing: Promise<void>[];
}

/** Lines on their way to the disk. */
const ahead = 256;

/** Writes requests into files within the limits, one model a file, a new one when the next line would be too much. */
export class SliceWriter {
  readonly #folder: string;
  readonly #limits: SliceLimits;
  readonly #open = new Map<string, Open>();
  readonly #done: Slice[] = [];
  #count = 0;

  constructor(folder: string, limits: SliceLimits) {
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
    this.#limits = limits;
  }

  async add(model: string, line: string, tokens: number): Promise<void> {
    const bytes = Buffer.byteLength(line) + 1;
    const { requests, bytes: mostBytes, tokens: mostTokens } = this.#limits;
    let open = this.#open.get(model);
    const full =
      open !== undefined &&
      (open.requests + 1 > requests ||
        open.bytes + bytes > mostBytes ||
        (mostTokens !== undefined && open.tokens + tokens > mostTokens));
    if (open !== undefined && full) await this.#end(open);
    if (open === undefined || full) {
      const file = path.join(this.#folder, `slice-${this.#count++}.jsonl`);
      open = { model, file, log: await LineLog.open(file, () => {}), requests: 0, bytes: 0, tokens: 0, writing: [] };
      this.#open.set(model, open);
    }
    open.requests += 1;
    open.bytes += bytes;
    open.tokens += tokens;
    const writing = open.log.add(line);
    // It is waited for with its group, and must not count as nobody's until then.
    writing.catch(() => {});
    open.writing.push(writing);
    if (open.writing.length >= ahead) await Promise.all(open.writing.splice(0));
  }

  /** Ends every file; they stand in the order in which they were begun. */
  async end(): Promise<readonly Slice[]> {
    for (const open of [...this.#open.values()]) await this.#end(open);
    return this.#done.toSorted((a, b) =>
      a.file.length === b.file.length ? (a.file < b.file ? -1 : 1) : a.file.length - b.file.length,
    );
  }

  /** Lets go of what is not ended. */
  async close(): Promise<void> {
    for (const { log } of this.#open.values()) await log.close();
    this.#open.clear();
  }

  async #end(open: Open): Promise<void> {
    await Promise.all(open.writing);
    await open.log.close();
    this.#open.delete(open.model);
    const { model, file, requests, bytes, tokens } = open;
    this.#done.push({ model, file, requests, bytes, tokens, state: "waiting", fileId: undefined, batch: undefined });
  }
}

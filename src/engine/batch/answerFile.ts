import { type Line, LineLog, linesOf } from "../../base/node/lines.ts";
import { field } from "../../base/untyped.ts";
import { readUsage } from "../provider/openaiAnswer.ts";
import type { Asked } from "./asker.ts";
import { answerId, answerLine, isProblem, type OwnNote, readBatchAnswer, readRequest, unsentLine } from "./lines.ts";

/** What answering a file takes and makes. */
export interface FileJob {
  readonly input: string;
  /** Gets a line for each answer as it comes; its lines are what a resumed job knows. */
  readonly results: LineLog;
  /** Gets a line for each request that has no answer. */
  readonly failures: LineLog;
  readonly endpoint: string;
  /** `custom_id`s that have their line already. */
  readonly done: ReadonlySet<string>;
  /** Distinguishes the names of equal requests of different jobs. */
  readonly seed: string;
  /** Requests held at once, those that wait for a slot among them. */
  readonly window: number;
  /** What a line says beside OpenAI's own fields; undefined leaves it out. */
  readonly note: ((asked: Asked) => OwnNote) | undefined;
  ask(body: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<Asked>;
  /** What becomes of a request that was refused or failed: it gets its line, or the job ends here and can be resumed. */
  onFailure(asked: Asked): "record" | "stop";
  /** After each line that was written. */
  onDone(asked: Asked): void;
}

export type JobEnd =
  | { readonly kind: "done" }
  /** It was ended from outside. */
  | { readonly kind: "aborted" }
  | { readonly kind: "stopped"; readonly by: Asked };

/** How a job is ended from outside: `soon` takes up nothing new, `now` gives up what is under way too. */
export interface JobStop {
  readonly soon: AbortSignal;
  readonly now: AbortSignal;
}

/**
 * Answers the requests of a file that have no line yet, many at a time, and writes each answer as it comes: memory holds the
 * requests under way and the names of those that are done. Rejects when a file cannot be read or written.
 */
export async function answerFile(job: FileJob, until: JobStop): Promise<JobEnd> {
  const stop = new AbortController();
  const abort = () => stop.abort();
  until.now.addEventListener("abort", abort, { once: true });
  if (until.now.aborted) abort();
  let flying = 0;
  let landed = () => {};
  const oneLands = () =>
    new Promise<void>((resolve) => {
      landed = resolve;
    });
  let stoppedBy: Asked | undefined;
  let failure: unknown;

  const answer = async ({ text, number }: Line): Promise<void> => {
    const read = readRequest(text, number, job.endpoint);
    // The file was checked as a whole before.
    if (isProblem(read)) throw new Error(`line ${number} of a checked file: ${read.message}`);
    if (job.done.has(read.customId)) return;
    const asked = await job.ask(read.body, stop.signal);
    if (asked.outcome.kind === "cancelled") return;
    const failed = asked.status !== 200;
    if (failed && job.onFailure(asked) === "stop") {
      stoppedBy ??= asked;
      stop.abort();
      return;
    }
    const id = answerId(job.seed, text);
    const response = { status: asked.status, requestId: id.replace("batch_req", "req"), body: asked.body };
    const line = answerLine(id, read.customId, response, job.note?.(asked));
    await (failed ? job.failures : job.results).add(line);
    job.onDone(asked);
  };

  try {
    for await (const line of linesOf(job.input)) {
      if (stop.signal.aborted || until.soon.aborted) break;
      if (line.text.trim() === "") continue;
      flying += 1;
      answer(line)
        .catch((error: unknown) => {
          failure ??= error;
          stop.abort();
        })
        .finally(() => {
          flying -= 1;
          landed();
        });
      while (flying >= job.window) await oneLands();
    }
  } catch (error) {
    failure ??= error;
    stop.abort();
  }
  while (flying > 0) await oneLands();
  until.now.removeEventListener("abort", abort);
  if (failure !== undefined) throw failure;
  if (stoppedBy !== undefined) return { kind: "stopped", by: stoppedBy };
  return until.soon.aborted || until.now.aborted ? { kind: "aborted" } : { kind: "done" };
}

/** Opens the two files of a job and tells which requests have their line. */
export async function openAnswers(
  results: string,
  failures: string,
): Promise<{
  readonly results: LineLog;
  readonly failures: LineLog;
  /** Names of the answers by `custom_id`. */
  readonly answered: ReadonlyMap<string, string>;
  readonly completed: number;
  readonly failed: number;
  /** Tokens of the answers there are. */
  readonly usage: { readonly prompt: number; readonly cached: number; readonly completion: number };
}> {
  const answered = new Map<string, string>();
  let completed = 0;
  let failed = 0;
  const usage = { prompt: 0, cached: 0, completion: 0 };
  const seen = (text: string): boolean => {
    const answer = readBatchAnswer(text);
    if (answer === undefined || answered.has(answer.customId)) return false;
    answered.set(answer.customId, answer.id);
    const { promptTokens, cachedTokens, completionTokens } = readUsage(field(answer.body, "usage"));
    usage.prompt += promptTokens ?? 0;
    usage.cached += cachedTokens ?? 0;
    usage.completion += completionTokens ?? 0;
    return true;
  };
  const resultLog = await LineLog.open(results, (text) => {
    if (seen(text)) completed += 1;
  });
  const failureLog = await LineLog.open(failures, (text) => {
    if (seen(text)) failed += 1;
  }).catch(async (error: unknown) => {
    await resultLog.close();
    throw error;
  });
  return { results: resultLog, failures: failureLog, answered, completed, failed, usage };
}

/** Writes a line for every request that has none, as those of a batch that expired or was cancelled. */
export async function recordUnsent(
  job: Pick<FileJob, "input" | "failures" | "endpoint" | "seed">,
  done: ReadonlySet<string>,
  why: { readonly code: string; readonly message: string },
): Promise<number> {
  let count = 0;
  for await (const { text, number } of linesOf(job.input)) {
    if (text.trim() === "") continue;
    const read = readRequest(text, number, job.endpoint);
    if (isProblem(read) || done.has(read.customId)) continue;
    count += 1;
    await job.failures.add(unsentLine(answerId(job.seed, text), read.customId, why.code, why.message));
  }
  return count;
}

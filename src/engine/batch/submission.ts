import { UserError } from "../../base/errors.ts";
import type { RemoteBatch, RemoteBatches } from "./remote.ts";

/** Requests sent to a provider's Batch API together: in one file or, where limits ask for it, in several. */
export interface Submission {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly name: string;
  readonly source: SubmissionSource;
  readonly baseUrl: string;
  /** The process that still writes the slices; undefined when they are whole. */
  readonly preparing: string | undefined;
  /** Most tokens that may wait at the provider at once. */
  readonly enqueuedTokens: number | undefined;
  readonly slices: readonly Slice[];
  /** When the answers were taken in. */
  readonly fetchedAt: number | undefined;
  /** When it was taken back; nothing more is sent then. Absent in what earlier versions wrote. */
  readonly cancelledAt?: number;
}

export type SubmissionSource =
  /** Trials of a stored run; with `retry` those that could not be had the first time. */
  | {
      readonly kind: "run";
      readonly run: string;
      readonly retry: boolean;
      readonly scopes: Readonly<Record<string, string>>;
    }
  /** The requests of a file. */
  | { readonly kind: "file"; readonly file: string };

/** One file of requests for one model. */
export interface Slice {
  readonly model: string;
  /** Where its lines stand. */
  readonly file: string;
  readonly requests: number;
  readonly bytes: number;
  /** Estimated prompt tokens. */
  readonly tokens: number;
  readonly state: "waiting" | "uploaded" | "creating" | "submitted" | "ended";
  readonly fileId: string | undefined;
  readonly batch: RemoteBatch | undefined;
}

export const ends: readonly RemoteBatch["status"][] = ["completed", "failed", "expired", "cancelled"];

/** What a batch carries so that it is found again. */
export function marksOf(submission: Submission, slice: number): Readonly<Record<string, string>> {
  return { layoutlab_submission: submission.id, layoutlab_slice: String(slice) };
}

/**
 * Brings each slice as far as it can go: uploaded, made a batch, looked at. What is about to be done is saved before it is
 * done, and what came of it at once after, so that a process that dies in between never sends a slice twice: the next one
 * looks for a batch with its marks first. Slices beyond the limit of enqueued tokens wait until earlier ones have ended.
 */
export async function advance(
  submission: Submission,
  remote: RemoteBatches,
  save: (submission: Submission) => Promise<void>,
): Promise<Submission> {
  let now = submission;
  const set = async (i: number, change: Partial<Slice>): Promise<Slice> => {
    const slices = now.slices.map((slice, at) => (at === i ? { ...slice, ...change } : slice));
    now = { ...now, slices };
    await save(now);
    return slices[i] as Slice;
  };
  let full = false;
  for (let i = 0; i < now.slices.length; i++) {
    let slice = now.slices[i] as Slice;
    if (slice.state === "submitted" && slice.batch !== undefined) {
      const batch = await remote.retrieve(slice.batch.id);
      // The provider had too many tokens waiting already: it goes again, the first, when it is asked next.
      const tooMany = batch.status === "failed" && batch.problems.some(({ code }) => code === "token_limit_exceeded");
      full ||= tooMany;
      if (tooMany && now.cancelledAt === undefined) await set(i, { state: "uploaded", batch: undefined });
      else await set(i, { batch, ...(ends.includes(batch.status) ? { state: "ended" as const } : {}) });
      continue;
    }
    if (slice.state === "ended") continue;
    if (slice.state === "creating") {
      const found = await remote.find(marksOf(now, i), now.createdAt);
      if (found !== undefined) {
        await set(i, { state: "submitted", batch: found });
        continue;
      }
    }
    if (now.cancelledAt !== undefined) {
      await set(i, { state: "ended" });
      continue;
    }
    if (full || !hasRoom(now, slice)) continue;
    if (slice.fileId === undefined)
      slice = await set(i, {
        state: "uploaded",
        fileId: await remote.upload(slice.file, `layoutlab-${now.id}-${i}.jsonl`),
      });
    await set(i, { state: "creating" });
    await set(i, { state: "submitted", batch: await remote.create(slice.fileId ?? "", marksOf(now, i)) });
  }
  return now;
}

/**
 * Takes back what has not ended: batches that are under way are cancelled, and what was not sent never is. That it is to end is saved
 * first, so that a process that dies in between leaves nothing that would be sent. Providers take minutes to cancel, and what they
 * answered until then is theirs to bill and ours to fetch.
 */
export async function cancel(
  submission: Submission,
  remote: RemoteBatches,
  save: (submission: Submission) => Promise<void>,
  at: number,
): Promise<Submission> {
  const marked = { ...submission, cancelledAt: submission.cancelledAt ?? at };
  await save(marked);
  let now = await advance(marked, remote, save);
  for (const [i, { state, batch }] of now.slices.entries()) {
    if (state !== "submitted" || batch === undefined || batch.status === "cancelling") continue;
    const cancelled = await remote.cancel(batch.id).catch(async (error: unknown) => {
      // It may have ended a moment ago; then it cannot be cancelled, and need not be.
      const seen = error instanceof UserError && error.code === "batch-refused" && (await remote.retrieve(batch.id));
      if (seen && ends.includes(seen.status)) return seen;
      throw error;
    });
    const ended = ends.includes(cancelled.status) ? { state: "ended" as const } : {};
    const slices = now.slices.map((slice, j) => (j === i ? { ...slice, batch: cancelled, ...ended } : slice));
    now = { ...now, slices };
    await save(now);
  }
  return now;
}

function hasRoom({ slices, enqueuedTokens }: Submission, next: Slice): boolean {
  if (enqueuedTokens === undefined) return true;
  const waiting = slices.filter(({ state }) => state === "submitted" || state === "creating");
  const tokens = waiting.reduce((sum, slice) => (slice === next ? sum : sum + slice.tokens), 0);
  // One that is too large by itself goes alone: the provider will say what it thinks of it.
  return tokens === 0 || tokens + next.tokens <= enqueuedTokens;
}

export function hasEnded(submission: Submission): boolean {
  return submission.slices.every(({ state }) => state === "ended");
}

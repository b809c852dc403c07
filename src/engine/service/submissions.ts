import { rm } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../base/errors.ts";
import { openRemote, type RemoteBatches } from "../batch/remote.ts";
import { advance, cancel, hasEnded, type Submission } from "../batch/submission.ts";
import { keysFromEnv } from "../provider/registry.ts";
import { isDeadOwner } from "../store/owner.ts";
import type { Services } from "./deps.ts";

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

const scope = "batch.submission";
/** Where requests go when nobody says otherwise. */
export const publicUrl = "https://api.openai.com/v1";

/** What was submitted to providers, with its files, as the store keeps it. */
export class Submissions {
  readonly #services: Services;

  constructor(services: Services) {
    this.#services = services;
  }

  /** All submissions, newest first, looked up at their providers when `refresh` is set and they are still out. */
  async list(p: { readonly refresh: boolean; readonly id?: string }): Promise<readonly SubmissionView[]> {
    const views: SubmissionView[] = [];
    for (const submission of await this.all()) {
      if (p.id !== undefined && !submission.id.startsWith(p.id)) continue;
      const out = submission.preparing === undefined && submission.fetchedAt === undefined && !hasEnded(submission);
      views.push(viewOf(p.refresh && out ? await this.advance(submission) : submission));
    }
    if (p.id !== undefined && views.length === 0) throw noSubmission(p.id);
    return views;
  }

  /** Takes a submission back at its provider, by its id, its run's or a batch's, or the start of one; without, the only one that is out. */
  async cancel(p: { readonly id?: string }): Promise<SubmissionView> {
    const out = (await this.all()).filter((one) => one.preparing === undefined && !hasEnded(one));
    const named = p.id === undefined ? out : (await this.all()).filter((one) => isNamed(one, p.id ?? ""));
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
    const remote = await this.remote(found);
    try {
      return viewOf(await cancel(found, remote, (now) => this.save(now), Math.round(this.#services.deps.clock.now())));
    } finally {
      await remote.close();
    }
  }

  /** Newest first. */
  async all(): Promise<readonly Submission[]> {
    const listed = await this.#services.store.state.list(scope);
    return [...listed.values()].map((json) => JSON.parse(json) as Submission).sort((a, b) => b.createdAt - a.createdAt);
  }

  /** @throws UserError when none has an id that begins so. */
  async find(prefix: string): Promise<Submission> {
    const found = (await this.all()).find(({ id }) => id.startsWith(prefix));
    if (found === undefined) throw noSubmission(prefix);
    return found;
  }

  async save(submission: Submission): Promise<void> {
    await this.#services.store.state.set(scope, submission.id, JSON.stringify(submission));
  }

  /** What a process left half-written was never sent. */
  async forgetAbandoned(): Promise<void> {
    for (const { id, preparing } of await this.all())
      if (preparing !== undefined && isDeadOwner(preparing)) await this.drop(id);
  }

  /** Forgets it with its files, and with the run that was made for it. */
  async drop(id: string): Promise<void> {
    const { store } = this.#services;
    const json = await store.state.get(scope, id);
    if (json !== undefined) {
      const { source } = JSON.parse(json) as Submission;
      if (source.kind === "run" && !source.retry) await store.runs.delete(source.run);
      await store.state.delete(scope, id);
    }
    await rm(this.folder(id), { recursive: true, force: true });
  }

  /** Sends what is not sent yet and asks how far the rest is. */
  async advance(submission: Submission): Promise<Submission> {
    const remote = await this.remote(submission);
    try {
      return await advance(submission, remote, (now) => this.save(now));
    } finally {
      await remote.close();
    }
  }

  /** The server that a submission went to. */
  async remote({ baseUrl }: Submission): Promise<RemoteBatches> {
    const { deps } = this.#services;
    const key = (await deps.host.key({ provider: "openai" })) ?? (await keysFromEnv(deps.env)("openai"));
    if (key === undefined && baseUrl === publicUrl)
      throw new UserError("no-key", "there is no key for OpenAI", "set OPENAI_API_KEY or add the key");
    return openRemote({ baseUrl, env: deps.env, key, ...(deps.fetch === undefined ? {} : { fetch: deps.fetch }) });
  }

  /** Where a submission's files lie. */
  folder(id: string): string {
    const { deps, store } = this.#services;
    const base =
      store.location === deps.store && deps.store !== ":memory:"
        ? `${deps.store}-files`
        : path.resolve(".layoutlab", "files");
    return path.join(base, "submissions", id);
  }
}

function isNamed({ id, source, slices }: Submission, start: string): boolean {
  const names = [id, source.kind === "run" ? source.run : "", ...slices.map(({ batch }) => batch?.id ?? "")];
  return names.some((name) => name.startsWith(start));
}

function noSubmission(id: string): UserError {
  return new UserError("no-submission", `there is no submission "${id}"`, "`layoutlab batch status` lists them");
}

export function viewOf(submission: Submission): SubmissionView {
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

import type { Services } from "./deps.ts";

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

const tellEveryMs = 100;

interface Job {
  readonly soon: AbortController;
  readonly now: AbortController;
  readonly withdraw: () => void;
}

/** Conversions and batch runs that are going, by the names their callers gave them. */
export class BatchJobs {
  readonly #services: Services;
  readonly #jobs = new Map<string, Job>();

  constructor(services: Services) {
    this.#services = services;
  }

  /** `withdraw` takes back what waits when the job is to end. */
  begin(name: string, withdraw: () => void = () => {}): { readonly soon: AbortSignal; readonly now: AbortSignal } {
    const job = { soon: new AbortController(), now: new AbortController(), withdraw };
    this.#jobs.set(name, job);
    return { soon: job.soon.signal, now: job.now.signal };
  }

  end(name: string): void {
    this.#jobs.delete(name);
  }

  /** Ends a job: what is under way is finished first, unless it is to end `now`. */
  stop(name: string, now: boolean): void {
    const job = this.#jobs.get(name);
    job?.soon.abort();
    job?.withdraw();
    if (now) job?.now.abort();
  }

  stopAll(): void {
    for (const name of this.#jobs.keys()) this.stop(name, true);
  }

  /** Tells of the progress now and then. */
  progress(
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

import { type ChildProcess, fork } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import type { Clock } from "../../base/clock.ts";
import type { Answer, Task } from "./process/task.ts";

/** What became of a task: an answer, or why there is none. */
export type TaskEnd =
  | { readonly kind: "answered"; readonly answer: Exclude<Answer, { kind: "step" }> }
  /** Its time was up; `begun` tells whether it was in its last step. */
  | { readonly kind: "timedOut"; readonly begun: boolean }
  /** Its process ended before it answered. */
  | { readonly kind: "died"; readonly detail: string }
  | { readonly kind: "cancelled" };

export interface ProcessPoolOptions {
  /** Tasks that run at once. */
  readonly size: number;
  readonly clock: Clock;
}

interface Waiting {
  readonly task: Task;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (end: TaskEnd) => void;
}

/** Longest time a process may take to start. */
const startMs = 60_000;

/** Of the environment a process gets what programs need to start, and no key. */
const passedOn = ["PATH", "HOME", "LANG", "TZ", "SystemRoot", "TEMP", "TMP", "TMPDIR", "USERPROFILE"];

/**
 * Runs tasks in processes of their own, some at a time, and kills the process of one that takes too long. A process serves one task
 * after another; one that was killed is replaced when it is needed.
 */
export class ProcessPool {
  readonly #o: ProcessPoolOptions;
  readonly #idle: ChildProcess[] = [];
  readonly #busy = new Set<ChildProcess>();
  /** Processes that have started. */
  readonly #ready = new WeakSet<ChildProcess>();
  readonly #waiting: Waiting[] = [];
  #closed = false;

  constructor(options: ProcessPoolOptions) {
    this.#o = options;
  }

  /** `timeoutMs` is that of each step of the task. Never rejects. */
  run(task: Task, timeoutMs: number, signal?: AbortSignal): Promise<TaskEnd> {
    return new Promise((resolve) => {
      if (this.#closed || signal?.aborted) {
        resolve({ kind: "cancelled" });
        return;
      }
      this.#waiting.push({ task, timeoutMs, signal, resolve });
      this.#next();
    });
  }

  /** Ends all processes; what still runs is cancelled. */
  close(): void {
    this.#closed = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve({ kind: "cancelled" });
    for (const child of [...this.#idle, ...this.#busy]) child.kill("SIGKILL");
  }

  #next(): void {
    while (this.#busy.size < this.#o.size) {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) return;
      if (waiting.signal?.aborted) {
        waiting.resolve({ kind: "cancelled" });
        continue;
      }
      this.#give(this.#idle.pop() ?? this.#start(), waiting);
    }
  }

  #give(child: ChildProcess, { task, timeoutMs, signal, resolve }: Waiting): void {
    this.#busy.add(child);
    child.ref();
    let begun = false;
    let cancelTimer = () => {};
    const end = (result: TaskEnd, usable: boolean) => {
      cancelTimer();
      child.off("message", onMessage);
      child.off("exit", onExit);
      child.off("error", onError);
      signal?.removeEventListener("abort", onAbort);
      this.#busy.delete(child);
      if (usable && !this.#closed) {
        this.#idle.push(child);
        // An idle process keeps nobody from ending.
        child.unref();
        child.channel?.unref();
      } else child.kill("SIGKILL");
      resolve(result);
      this.#next();
    };
    const startTimer = () => {
      cancelTimer();
      // A server is asked to stop its query itself, which leaves the process whole.
      cancelTimer = this.#o.clock.after(timeoutMs + graceMs(task), () => end({ kind: "timedOut", begun }, false));
    };
    const begin = () => {
      startTimer();
      child.send(task, (error) => {
        if (error !== null) onError(error);
      });
    };
    const onMessage = (message: unknown) => {
      const answer = message as Answer;
      if (answer.kind === "step" && answer.step === "ready") {
        this.#ready.add(child);
        begin();
      } else if (answer.kind === "step") {
        begun = true;
        startTimer();
      } else end({ kind: "answered", answer }, true);
    };
    const onExit = (_code: number | null, by: NodeJS.Signals | null) =>
      end(
        {
          kind: "died",
          detail: by === "SIGTERM" ? "it took more than 1 GB of memory" : "its process ended unexpectedly",
        },
        false,
      );
    const onError = (error: Error) => end({ kind: "died", detail: error.message }, false);
    const onAbort = () => end({ kind: "cancelled" }, false);
    child.on("message", onMessage);
    child.on("exit", onExit);
    child.on("error", onError);
    signal?.addEventListener("abort", onAbort, { once: true });
    child.channel?.ref();
    // The time it takes to start is none of the task's.
    if (this.#ready.has(child)) begin();
    else
      cancelTimer = this.#o.clock.after(startMs, () =>
        end({ kind: "died", detail: "its process did not start" }, false),
      );
  }

  #start(): ChildProcess {
    const child = startProcess();
    child.on("exit", () => {
      const at = this.#idle.indexOf(child);
      if (at !== -1) this.#idle.splice(at, 1);
    });
    return child;
  }
}

function graceMs(task: Task): number {
  return task.kind === "sql" && task.database.kind === "postgres" ? 2_000 : 0;
}

function startProcess(): ChildProcess {
  const env = Object.fromEntries(
    passedOn.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
  return fork(scriptFile(), [], {
    // The editor's own executable is a Node only when it is told so.
    env: { ...env, ELECTRON_RUN_AS_NODE: "1" },
    execArgv: ["--no-warnings", "--max-old-space-size=512"],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    serialization: "advanced",
  });
}

/** The process's program: beside the bundles, or among the sources. */
function scriptFile(): string {
  const here = import.meta.dirname;
  const places = [
    path.join(here, "process", "main.ts"),
    path.join(here, "scoringProcess.js"),
    path.join(here, "..", "scoringProcess.js"),
  ];
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Error("the program of the scoring process is missing from the installation");
  return found;
}

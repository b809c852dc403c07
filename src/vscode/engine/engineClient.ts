import { Worker } from "node:worker_threads";
import { Channel, type Port } from "../../base/channel.ts";
import { type Disposable, disposable } from "../../base/disposable.ts";
import { UserError } from "../../base/errors.ts";
import { Emitter } from "../../base/event.ts";
import type { EngineEvents, EngineHost } from "../../engine/api.ts";
import type { EditorModels } from "../../engine/provider/editorModels.ts";
import type { EngineSide, FaceSide, WorkerSettings } from "../../engine/worker/protocol.ts";
import { serveEditorModels } from "./serveEditorModels.ts";

/** The engine ended under a request. It has been told already, so nobody shows it again. */
export class EngineStopped extends UserError {
  constructor() {
    super("engine-stopped", "the engine stopped", "try again; the log says why");
  }
}

export interface EngineClientOptions {
  /** Path of the bundled worker. */
  readonly script: string;
  readonly host: EngineHost;
  readonly editorModels: EditorModels;
  /** Read when the worker starts. */
  settings(): Promise<WorkerSettings>;
  log(level: EngineEvents["log"]["level"], message: string): void;
  /** The worker ended by itself; `again` says whether the next request starts another. */
  crashed(error: Error, again: boolean): void;
}

type Requests = EngineSide["requests"];

/** Asks the engine; settles with its answer or its error. */
export type Ask = <K extends keyof Requests & string>(
  name: K,
  params: Requests[K]["params"],
) => Promise<Requests[K]["result"]>;

interface Running {
  readonly worker: Worker;
  readonly channel: Channel<FaceSide, EngineSide>;
  readonly stopped: AbortController;
}

/** Two crashes within this time are one too many to start a third. */
const crashWindowMs = 5 * 60_000;

const closeWithinMs = 4_000;

/**
 * The engine from the extension's side. Its thread starts with the first request; after a crash the next request starts
 * another, once. Listeners stay through all of that.
 */
export class EngineClient implements Disposable {
  readonly #options: EngineClientOptions;
  readonly #emitters: { readonly [K in keyof EngineEvents]: Emitter<EngineEvents[K]> } = {
    run: new Emitter(),
    changed: new Emitter(),
    gpu: new Emitter(),
    batch: new Emitter(),
    log: new Emitter(),
  };
  readonly #started = new Emitter<void>();
  readonly #preparations = new Set<(ask: Ask) => Promise<void>>();
  /** Runs that are going; while there are any, the engine is not opened anew. */
  readonly #going = new Set<string>();
  #running: Promise<Running> | undefined;
  /** Two threads at once would hold the same store and the same ports. */
  #ended: Promise<void> = Promise.resolve();
  #stale = false;
  #crashedAt = Number.NEGATIVE_INFINITY;
  #broken = false;
  #closed = false;

  constructor(options: EngineClientOptions) {
    this.#options = options;
    this.#emitters.run.event((event) => {
      if (event.kind === "started") this.#going.add(event.view.run);
      if (event.kind === "ended") this.#going.delete(event.view.run);
    });
    this.#emitters.log.event(({ level, message }) => options.log(level, message));
  }

  async request<K extends keyof Requests & string>(
    name: K,
    params: Requests[K]["params"],
  ): Promise<Requests[K]["result"]> {
    const { channel, stopped } = await this.#engine();
    try {
      return await channel.request(name, params);
    } catch (error) {
      if (stopped.signal.aborted) throw new EngineStopped();
      throw error;
    }
  }

  on<K extends keyof EngineEvents>(name: K, listener: (payload: EngineEvents[K]) => void): Disposable {
    return this.#emitters[name].event(listener);
  }

  /** A thread was started: the first, or one in place of another. */
  readonly onStart = this.#started.event;

  /** Has every new thread do this before it serves anything else. `prepare` handles its own failures. */
  onPrepare(prepare: (ask: Ask) => Promise<void>): Disposable {
    this.#preparations.add(prepare);
    return disposable(() => this.#preparations.delete(prepare));
  }

  /** What it was opened with has changed: the next request opens it anew, as soon as no run is going. */
  renew(): void {
    this.#stale = true;
    this.#broken = false;
  }

  /** Stores what is going and ends the thread. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#end();
  }

  dispose(): void {
    void this.close();
    for (const emitter of [...Object.values(this.#emitters), this.#started]) emitter.dispose();
  }

  async #engine(): Promise<Running> {
    if (this.#closed) throw new EngineStopped();
    if (this.#stale && this.#going.size === 0) {
      this.#stale = false;
      // The next thread's start waits for the end of this one.
      void this.#end();
    }
    if (this.#broken) {
      throw new UserError(
        "engine-broken",
        "the engine stopped twice in a short time",
        "reload the window; the log says why",
      );
    }
    if (this.#running === undefined) {
      const starting = this.#start();
      this.#running = starting;
      starting.catch(() => {
        if (this.#running === starting) this.#running = undefined;
      });
    }
    return this.#running;
  }

  async #start(): Promise<Running> {
    await this.#ended;
    const settings = await this.#options.settings();
    const worker = new Worker(this.#options.script, {
      name: "layoutlab",
      workerData: settings,
      // The extension host's own flags may be none that a thread takes.
      execArgv: [],
      stdout: true,
      stderr: true,
    });
    for (const [stream, level] of [
      [worker.stdout, "info"],
      [worker.stderr, "debug"],
    ] as const) {
      stream.setEncoding("utf8").on("data", (text: string) => this.#options.log(level, text.trimEnd()));
    }
    const editor = serveEditorModels(this.#options.editorModels, (text) => channel.send("editorText", text));
    const channel: Channel<FaceSide, EngineSide> = new Channel<FaceSide, EngineSide>(portOf(worker), {
      key: (p) => this.#options.host.key(p),
      ...editor.handlers,
    });
    channel.on("run", (event) => this.#emitters.run.fire(event));
    channel.on("changed", (change) => this.#emitters.changed.fire(change));
    channel.on("gpu", (report) => this.#emitters.gpu.fire(report));
    channel.on("batch", (progress) => this.#emitters.batch.fire(progress));
    channel.on("log", (line) => this.#emitters.log.fire(line));
    const running: Running = { worker, channel, stopped: new AbortController() };
    let failure: Error | undefined;
    worker.on("error", (error) => {
      failure = error instanceof Error ? error : new Error(String(error));
    });
    worker.on("exit", (code) => {
      editor.dispose();
      this.#exited(running, failure ?? new Error(`the engine's thread ended with ${code}`));
    });
    this.#started.fire();
    const ask: Ask = (name, params) => channel.request(name, params);
    await Promise.all([...this.#preparations].map((prepare) => prepare(ask)));
    return running;
  }

  #exited(running: Running, error: Error): void {
    // An end that was asked for has been taken note of already.
    if (running.stopped.signal.aborted) return;
    running.stopped.abort();
    running.channel.dispose();
    this.#running = undefined;
    this.#going.clear();
    const now = performance.now();
    this.#broken = now - this.#crashedAt < crashWindowMs;
    this.#crashedAt = now;
    this.#options.crashed(error, !this.#broken);
  }

  #end(): Promise<void> {
    const starting = this.#running;
    this.#running = undefined;
    this.#ended = this.#ended.then(() => this.#stop(starting));
    return this.#ended;
  }

  async #stop(starting: Promise<Running> | undefined): Promise<void> {
    const running = await starting?.catch(() => undefined);
    if (running === undefined || running.stopped.signal.aborted) return;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, closeWithinMs);
    });
    await Promise.race([running.channel.request("close", undefined).catch(() => undefined), patience]);
    clearTimeout(timer);
    running.stopped.abort();
    running.channel.dispose();
    await running.worker.terminate();
  }
}

function portOf(worker: Worker): Port {
  return {
    post: (message) => worker.postMessage(message),
    onMessage(listener) {
      worker.on("message", listener);
      return disposable(() => worker.off("message", listener));
    },
  };
}

import { Worker } from "node:worker_threads";

/** Writes after which the log is taken over: about 10 MB of it. */
const everyWrites = 1000;

/**
 * The thread's program. The log begins anew only once nothing in it is left to take over, and writing goes on meanwhile: what came
 * in the time a pass took is taken in the next, each shorter than the last.
 */
const program = `
const { parentPort, workerData } = require("node:worker_threads");
const { DatabaseSync } = require("node:sqlite");
parentPort.on("message", () => {
  try {
    const database = new DatabaseSync(workerData);
    try {
      for (let pass = 0, before = -1; pass < 8; pass++) {
        const { log } = database.prepare("PRAGMA wal_checkpoint(PASSIVE)").get();
        if (log === before) break;
        before = log;
      }
    } finally {
      database.close();
    }
  } catch {
    // A full disk, a file that is gone: the writer meets it too, and says so.
  }
  parentPort.postMessage("done");
});`;

/**
 * Has SQLite take over its write-ahead log on a thread of its own, as it waits for the disk: 15 to 30 ms for every 16 MB, in
 * which a thread that sends requests sends none. The thread is started by the first long run of writes. What it cannot do is
 * left to the writer's own, which SQLite begins when the log has grown past `wal_autocheckpoint`.
 */
export class Checkpoints {
  readonly #location: string;
  #writes = 0;
  #thread: Worker | undefined;
  #underWay: Promise<void> | undefined;
  #done = () => {};
  /** It cannot be had, or is not wanted any more. */
  #ended = false;

  constructor(location: string) {
    this.#location = location;
  }

  wrote(count: number): void {
    this.#writes += count;
    if (this.#writes < everyWrites || this.#underWay !== undefined || this.#ended) return;
    this.#writes = 0;
    this.#underWay = new Promise((resolve) => {
      this.#done = () => {
        this.#underWay = undefined;
        resolve();
      };
    });
    this.#thread ??= this.#start();
    this.#thread.postMessage("take over");
  }

  /** Resolves when the thread has let go of the file. */
  async close(): Promise<void> {
    this.#ended = true;
    await this.#underWay;
    await this.#thread?.terminate();
  }

  #start(): Worker {
    const thread = new Worker(program, {
      eval: true,
      workerData: this.#location,
      env: {},
      execArgv: ["--no-warnings"],
    });
    const fail = () => {
      this.#ended = true;
      this.#done();
    };
    thread.on("message", () => this.#done());
    thread.on("error", fail).on("exit", fail);
    thread.unref();
    return thread;
  }
}

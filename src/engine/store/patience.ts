import { isBusy } from "./sqliteTrouble.ts";

/** How long a try for another program's lock lasts inside SQLite, in ms. Short, as it holds up the thread. */
export const tryMs = 5;

const pause = new Int32Array(new SharedArrayBuffer(4));

/** Holds up the thread. */
export function pauseThread(ms: number): void {
  Atomics.wait(pause, 0, 0, ms);
}

/** Does the work, again and again while another program's lock is in the way, for `patienceMs` at most. Holds up the thread. */
export function patiently<T>(patienceMs: number, work: () => T): T {
  for (let waited = 0; ; waited += tryMs) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || waited >= patienceMs) throw error;
      pauseThread(tryMs);
    }
  }
}

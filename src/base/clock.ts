/** Time as a value, so that schedules can be tested without waiting. All times are milliseconds. */
export interface Clock {
  /** Wall time since the epoch; may jump. Use for what is stored. */
  now(): number;
  /** Never goes back; unrelated to wall time. Use for durations and schedules. */
  monotonic(): number;
  /** Calls back once after `ms`; the returned function cancels it. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    // Node clamps delays above 2^31-1 ms to 1 ms, which would turn a long wait into a busy loop.
    const timer = setTimeout(callback, Math.min(Math.max(0, ms), 0x7fffffff));
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`, or rejects with the signal's reason as soon as it is aborted. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

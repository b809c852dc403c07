import type { Clock } from "../../base/clock.ts";

/**
 * Passes on the newest value, at most once per `ms`: the first at once, then whatever is newest when the time is up. What is
 * drawn so often can be read; drawn more often it only costs.
 */
export function paced<Value>(clock: Clock, ms: number, apply: (value: Value) => void): (value: Value) => void {
  let last = Number.NEGATIVE_INFINITY;
  let waiting: { readonly value: Value } | undefined;
  let scheduled = false;
  const flush = () => {
    scheduled = false;
    if (waiting === undefined) return;
    const { value } = waiting;
    waiting = undefined;
    last = clock.monotonic();
    apply(value);
  };
  return (value) => {
    waiting = { value };
    if (scheduled) return;
    const due = last + ms - clock.monotonic();
    if (due <= 0) flush();
    else {
      scheduled = true;
      clock.after(due, flush);
    }
  };
}

/** Passes on the last value once none has come for `ms`. */
export function settled<Value>(clock: Clock, ms: number, apply: (value: Value) => void): (value: Value) => void {
  let cancel: (() => void) | undefined;
  return (value) => {
    cancel?.();
    cancel = clock.after(ms, () => apply(value));
  };
}

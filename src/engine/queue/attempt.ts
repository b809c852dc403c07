import type { Clock } from "../../base/clock.ts";
import type { Outcome } from "../response/outcome.ts";
import type { Sending, SentReply, Task } from "./queue.ts";

/** How a send ended: with a reply, or with an exception, which is a bug of who wrote it. */
export type Ending =
  | { readonly kind: "reply"; readonly reply: SentReply }
  | { readonly kind: "threw"; readonly error: unknown };

export interface Attempt {
  readonly startedAt: number;
  /** Ends it at once as cancelled. */
  cancel(reason: unknown): void;
}

/**
 * One send with its timeout. `ended` is called exactly once and never before this returns: with the reply, or as soon as
 * the time is up or the caller cancels, even when the send ignores its signal; what it answers later is dropped.
 */
export function startAttempt(
  task: Task,
  number: number,
  { clock, timeoutMs, left }: { readonly clock: Clock; readonly timeoutMs: number; readonly left: () => void },
  ended: (ending: Ending) => void,
): Attempt {
  const controller = new AbortController();
  const startedAt = clock.monotonic();
  let over = false;
  const end = (ending: Ending, abort: () => void = () => {}) => {
    if (over) return;
    over = true;
    cancelTimer();
    // The send hears of it before its slot is given away.
    abort();
    ended(ending);
  };
  const giveUp = (outcome: Outcome, reason: unknown) =>
    end({ kind: "reply", reply: { outcome } }, () => controller.abort(reason));
  const cancelTimer = clock.after(timeoutMs, () => {
    const message = `no answer within ${timeoutMs} ms`;
    giveUp(
      { kind: "unavailable", reason: "timeout", status: undefined, message, retryAfterMs: undefined, body: undefined },
      new DOMException(message, "TimeoutError"),
    );
  });
  invoke(task, { number, signal: controller.signal, left }).then(
    (reply) => end({ kind: "reply", reply }),
    (error: unknown) => end({ kind: "threw", error }),
  );
  return { startedAt, cancel: (reason) => giveUp({ kind: "cancelled" }, reason) };
}

/** A send that throws before its first await rejects like any other. */
async function invoke(task: Task, sending: Sending): Promise<SentReply> {
  return task.send(sending);
}

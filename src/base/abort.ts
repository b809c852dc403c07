import type { Clock } from "./clock.ts";

/** A signal that never aborts, for callers that do not cancel. */
export const neverAborted: AbortSignal = new AbortController().signal;

/**
 * A controller that follows `parent` and, when `timeoutMs` is given, aborts by itself with a `TimeoutError`.
 * Call `release` when the work is over, or the parent keeps a listener for each finished call.
 */
export function deriveAbort(
  parent: AbortSignal,
  clock: Clock,
  timeoutMs?: number,
): { readonly signal: AbortSignal; abort(reason?: unknown): void; release(): void } {
  const controller = new AbortController();
  const follow = () => controller.abort(parent.reason);
  if (parent.aborted) follow();
  else parent.addEventListener("abort", follow, { once: true });
  const cancelTimer =
    timeoutMs === undefined
      ? undefined
      : clock.after(timeoutMs, () =>
          controller.abort(new DOMException(`no answer within ${timeoutMs} ms`, "TimeoutError")),
        );
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release() {
      cancelTimer?.();
      parent.removeEventListener("abort", follow);
    },
  };
}

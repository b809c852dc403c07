import { quantile } from "../metrics/quantile.ts";
import type { StoreContext } from "./context.ts";
import type { RequestTimeline } from "./store.ts";
import { maybeNumber, number } from "./values.ts";

/** No step is shorter: a clock of milliseconds would show its own steps. */
const shortestStepMs = 100;

/** Reads the ended requests of a run once and lays them over its time. */
export function requestTimeline({ connection, registry }: StoreContext, run: string, points: number): RequestTimeline {
  const key = registry.run(run) ?? -1;
  const span = connection.get(
    `SELECT min(created_at) AS first, max(updated_at) AS last FROM request INDEXED BY request_run
      WHERE run = ? AND status >= 2`,
    key,
  );
  const from = maybeNumber(span?.["first"] ?? null);
  const to = maybeNumber(span?.["last"] ?? null);
  const length = from === undefined || to === undefined ? 0 : to - from + 1;
  const stepMs = Math.max(shortestStepMs, niceStep(length / Math.max(1, points)));
  const steps = Math.ceil(length / stepMs);
  const zeros = () => new Array<number>(steps).fill(0);
  const lists = () => Array.from({ length: steps }, (): number[] => []);
  const counts = { answered: zeros(), reused: zeros(), failed: zeros() };
  const sums = { promptTokens: zeros(), completionTokens: zeros(), cachedTokens: zeros(), cost: zeros() };
  const latency = lists();
  const queued = lists();
  const rows = connection.tuples(
    `SELECT updated_at, status, source, latency_ms, queued_ms, prompt_tokens, completion_tokens, cached_tokens, cost
      FROM request INDEXED BY request_run WHERE run = ? AND status >= 2`,
    key,
  );
  for (const [at, status, source, latencyMs, queuedMs, prompt, completion, cached, cost] of rows) {
    const step = Math.min(steps - 1, Math.max(0, Math.floor((number(at) - (from ?? 0)) / stepMs)));
    const bump = (list: number[], by: number) => {
      list[step] = (list[step] ?? 0) + by;
    };
    if (status === 3) {
      bump(counts.failed, 1);
      continue;
    }
    if (source !== 0) {
      bump(counts.reused, 1);
      continue;
    }
    bump(counts.answered, 1);
    bump(sums.promptTokens, maybeNumber(prompt) ?? 0);
    bump(sums.completionTokens, maybeNumber(completion) ?? 0);
    bump(sums.cachedTokens, maybeNumber(cached) ?? 0);
    bump(sums.cost, maybeNumber(cost) ?? 0);
    if (latencyMs !== null) latency[step]?.push(number(latencyMs));
    if (queuedMs !== null) queued[step]?.push(number(queuedMs));
  }
  const spread = (of: number[][], p: number) => of.map((values) => (values.length === 0 ? null : quantile(values, p)));
  for (const values of [...latency, ...queued]) values.sort((a, b) => a - b);
  return {
    from: from ?? 0,
    stepMs,
    steps,
    ...counts,
    ...sums,
    latencyP50: spread(latency, 0.5),
    latencyP95: spread(latency, 0.95),
    queuedP50: spread(queued, 0.5),
    queuedP95: spread(queued, 0.95),
  };
}

/** A length of time that a reader can name, at least as long: 1, 2 or 5 times a power of ten, in ms. */
function niceStep(ms: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, ms)));
  return ([1, 2, 5, 10].find((each) => each * power >= ms) ?? 10) * power;
}

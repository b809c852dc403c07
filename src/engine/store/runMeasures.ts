import type { StoreContext } from "./context.ts";
import type { CallMeasures, RunMeasures } from "./store.ts";
import { longText, maybeNumber, number } from "./values.ts";

/** Reads a run's requests once, as numbers. */
export function runMeasures({ connection, registry }: StoreContext, run: string): RunMeasures {
  const key = registry.run(run) ?? -1;
  const lists = new Map<number, { latency: number[]; first: number[]; queued: number[]; cached: number }>();
  const rows = connection.tuples(
    `SELECT variant, latency_ms, first_token_ms, queued_ms, cached_tokens FROM request INDEXED BY request_run
      WHERE run = ? AND status = 2 AND source = 0 AND latency_ms IS NOT NULL`,
    key,
  );
  for (const [variant, latency, first, queued, cached] of rows) {
    const of = number(variant ?? null);
    let list = lists.get(of);
    if (list === undefined) {
      list = { latency: [], first: [], queued: [], cached: 0 };
      lists.set(of, list);
    }
    list.latency.push(number(latency ?? null));
    if (first !== null) list.first.push(number(first ?? null));
    if (queued !== null) list.queued.push(number(queued ?? null));
    list.cached += maybeNumber(cached ?? null) ?? 0;
  }
  const sums = connection.get(
    `SELECT min(created_at) AS first, max(updated_at) AS last, coalesce(sum(source = 1), 0) AS answers,
        coalesce(sum((source = 1) * prompt_tokens), 0) AS prompt,
        coalesce(sum((source = 1) * completion_tokens), 0) AS completion
      FROM request INDEXED BY request_run WHERE run = ? AND status >= 2`,
    key,
  );
  const from = maybeNumber(sums?.["first"] ?? null);
  const to = maybeNumber(sums?.["last"] ?? null);
  const tools: Record<string, number> = {};
  const called = connection.tuples(
    `SELECT result.tool_calls FROM request INDEXED BY request_run JOIN request_result result ON result.request = request.id
      WHERE request.run = ? AND result.tool_calls IS NOT NULL`,
    key,
  );
  for (const [calls] of called) {
    for (const { tool } of JSON.parse(longText(calls ?? null)) as { readonly tool: string }[])
      tools[tool] = (tools[tool] ?? 0) + 1;
  }
  return {
    calls: new Map(
      [...lists].map(([variant, { latency, first, queued, cached }]): [number, CallMeasures] => [
        variant,
        {
          latencyMs: Float64Array.from(latency),
          firstTokenMs: Float64Array.from(first),
          queuedMs: Float64Array.from(queued),
          cachedTokens: cached,
        },
      ]),
    ),
    span: from === undefined || to === undefined ? undefined : { from, to },
    reused: {
      answers: number(sums?.["answers"] ?? 0),
      promptTokens: number(sums?.["prompt"] ?? 0),
      completionTokens: number(sums?.["completion"] ?? 0),
    },
    tools,
  };
}

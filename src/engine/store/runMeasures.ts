import type { StoreContext } from "./context.ts";
import type { CallMeasures, RunMeasures } from "./store.ts";
import { longText, maybeNumber, number } from "./values.ts";

interface Calls extends CallMeasures {
  /** How much of each list is filled. */
  readonly read: { latency: number; first: number; queued: number };
}

/** Reads a run's requests as numbers. */
export function runMeasures({ connection, registry }: StoreContext, run: string): RunMeasures {
  const key = registry.run(run) ?? -1;
  const lists = new Map<number, Calls>();
  const where = `FROM request INDEXED BY request_run
    WHERE run = ? AND status = 2 AND source = 0 AND latency_ms IS NOT NULL`;
  // Counted first: lists that grow would leave more behind than they hold, at the end of a run that holds most already.
  const groups = connection.tuples(
    `SELECT variant, count(latency_ms), count(first_token_ms), count(queued_ms), total(cached_tokens) ${where} GROUP BY variant`,
    key,
  );
  for (const [variant, ...counts] of groups) {
    const [latency, first, queued, cached] = counts.map((count) => number(count));
    lists.set(number(variant ?? null), {
      latencyMs: new Float64Array(latency ?? 0),
      firstTokenMs: new Float64Array(first ?? 0),
      queuedMs: new Float64Array(queued ?? 0),
      cachedTokens: cached ?? 0,
      read: { latency: 0, first: 0, queued: 0 },
    });
  }
  for (const [variant, latency, first, queued] of connection.tuples(
    `SELECT variant, latency_ms, first_token_ms, queued_ms ${where}`,
    key,
  )) {
    const calls = lists.get(number(variant ?? null));
    if (calls === undefined) continue;
    const { read } = calls;
    calls.latencyMs[read.latency++] = number(latency ?? null);
    if (first !== null) calls.firstTokenMs[read.first++] = number(first ?? null);
    if (queued !== null) calls.queuedMs[read.queued++] = number(queued ?? null);
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
    calls: new Map([...lists].map(([variant, calls]) => [variant, filled(calls)])),
    span: from === undefined || to === undefined ? undefined : { from, to },
    reused: {
      answers: number(sums?.["answers"] ?? 0),
      promptTokens: number(sums?.["prompt"] ?? 0),
      completionTokens: number(sums?.["completion"] ?? 0),
    },
    tools,
  };
}

/** Without the places of rows that another process deleted between the two looks. */
function filled({ read, cachedTokens, ...lists }: Calls): CallMeasures {
  return {
    latencyMs: lists.latencyMs.subarray(0, read.latency),
    firstTokenMs: lists.firstTokenMs.subarray(0, read.first),
    queuedMs: lists.queuedMs.subarray(0, read.queued),
    cachedTokens,
  };
}

import type { SQLOutputValue } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import type { StoreContext } from "./context.ts";
import { emptyColumns } from "./emptyColumns.ts";
import type { TrialColumns } from "./store.ts";
import { maybeNumber, number, text } from "./values.ts";

/** What a column holds where nothing is known. */
const unknown = Number.NaN;

/** Positions read at a time: between two pieces others have a turn, as a list that is scrolled does not wait for an analysis. */
const positionsPerTurn = 2000;

/**
 * Reads a run's trials as columns: some 100 bytes a trial, and each different answer once. What is added to a run that goes on
 * meanwhile is left out.
 */
export async function trialColumns(context: StoreContext, run: string): Promise<TrialColumns> {
  const { connection, registry } = context;
  const key = registry.run(run) ?? -1;
  const extent = await context.read(() =>
    connection.get("SELECT count(*) AS n, max(position) AS last FROM trial WHERE run = ?", key),
  );
  const count = number(extent?.["n"]);
  const last = maybeNumber(extent?.["last"] ?? null) ?? -1;
  const columns = emptyColumns(count);
  const answers: string[] = [];
  const numberOf = numbering(answers);
  const examples: string[] = [];
  const requests = new Int32Array(count);
  const sharers = new Map<number, number>();
  let i = 0;
  const read = (from: number) => {
    const rows = connection.tuples(
      `SELECT variant, position, repeat, state, score, confidence, source, prompt_tokens, completion_tokens, latency_ms,
        prediction, prediction_body, expected, expected_body, example, request FROM trial
        WHERE run = ? AND position >= ? AND position < ? ORDER BY position, variant, repeat`,
      key,
      from,
      from + positionsPerTurn,
    );
    for (const row of rows) if (i < count) take(row);
  };
  const take = (row: readonly SQLOutputValue[]) => {
    const position = number(row[1]);
    columns.variant[i] = number(row[0]);
    columns.position[i] = position;
    columns.repeat[i] = number(row[2]);
    columns.state[i] = number(row[3]);
    columns.score[i] = maybeNumber(row[4]) ?? unknown;
    columns.confidence[i] = maybeNumber(row[5]) ?? unknown;
    columns.called[i] = row[6] === 0 ? 1 : 0;
    columns.promptTokens[i] = maybeNumber(row[7]) ?? unknown;
    columns.completionTokens[i] = maybeNumber(row[8]) ?? unknown;
    columns.latencyMs[i] = maybeNumber(row[9]) ?? unknown;
    if (row[10] !== null) columns.prediction[i] = numberOf(text(row[10]), maybeNumber(row[11]));
    if (row[12] !== null) columns.expected[i] = numberOf(text(row[12]), maybeNumber(row[13]));
    examples[position] ??= text(row[14]);
    const request = maybeNumber(row[15]);
    requests[i] = request ?? 0;
    if (request !== undefined) sharers.set(request, (sharers.get(request) ?? 0) + 1);
    i += 1;
  };
  for (let from = 0; from <= last; from += positionsPerTurn) {
    await context.read(() => read(from));
    await setImmediate();
  }
  const costs = new Map<number, number>();
  await context.read(() => {
    const priced = connection.tuples(
      "SELECT id, cost FROM request INDEXED BY request_run WHERE run = ? AND cost IS NOT NULL",
      key,
    );
    for (const [id, cost] of priced) costs.set(number(id), number(cost));
  });
  // A packed request is paid for by all its trials.
  requests.forEach((request, at) => {
    const cost = costs.get(request);
    if (cost !== undefined) columns.cost[at] = cost / (sharers.get(request) ?? 1);
  });
  return { ...columns, answers, examples };
}

/** Numbers different answers in the order they come. A long one is known by its body; only its beginning is kept. */
function numbering(answers: string[]): (answer: string, body: number | undefined) => number {
  const short = new Map<string, number>();
  const long = new Map<number, number>();
  const next = (answer: string) => answers.push(answer) - 1;
  return (answer, body) => {
    if (body === undefined) {
      const known = short.get(answer);
      if (known !== undefined) return known;
      const own = next(answer);
      short.set(answer, own);
      return own;
    }
    const known = long.get(body);
    if (known !== undefined) return known;
    const own = next(answer);
    long.set(body, own);
    return own;
  };
}

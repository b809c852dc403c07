import type { StoreContext } from "./context.ts";
import type { TrialColumns } from "./store.ts";
import { maybeNumber, number, text } from "./values.ts";

/** What a column holds where nothing is known. */
const unknown = Number.NaN;

/** Reads a run's trials once, as columns: some 40 bytes a trial, and each different answer once. */
export function trialColumns({ connection, registry }: StoreContext, run: string): TrialColumns {
  const key = registry.run(run) ?? -1;
  const count = number(connection.get("SELECT count(*) AS n FROM trial WHERE run = ?", key)?.["n"]);
  const numbers = () => new Float64Array(count).fill(unknown);
  const columns = {
    count,
    variant: new Uint32Array(count),
    position: new Uint32Array(count),
    repeat: new Uint32Array(count),
    state: new Uint8Array(count),
    score: numbers(),
    confidence: numbers(),
    called: new Uint8Array(count),
    promptTokens: numbers(),
    completionTokens: numbers(),
    latencyMs: numbers(),
    cost: numbers(),
    prediction: new Int32Array(count).fill(-1),
    expected: new Int32Array(count).fill(-1),
  };
  const answers: string[] = [];
  const numberOf = numbering(answers);
  const examples: string[] = [];
  const requests = new Int32Array(count);
  const sharers = new Map<number, number>();
  let i = 0;
  const rows = connection.tuples(
    `SELECT variant, position, repeat, state, score, confidence, source, prompt_tokens, completion_tokens, latency_ms,
      prediction, prediction_body, expected, expected_body, example, request FROM trial
      WHERE run = ? ORDER BY position, variant, repeat`,
    key,
  );
  for (const row of rows) {
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
  }
  const costs = new Map<number, number>();
  for (const [id, cost] of connection.tuples(
    "SELECT id, cost FROM request INDEXED BY request_run WHERE run = ? AND cost IS NOT NULL",
    key,
  )) {
    costs.set(number(id), number(cost));
  }
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

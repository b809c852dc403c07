import { sources, trialStates, wordOf } from "./codes.ts";
import type { StoreContext } from "./context.ts";
import { maybeWord } from "./requestRows.ts";
import { noRun, orderOf } from "./runs.ts";
import type { Row } from "./sqlite.ts";
import type { TrialFilter, TrialRecord, TrialRow, TrialSort, TrialTable, VariantAggregate } from "./store.ts";
import { trialColumns } from "./trialColumns.ts";
import { cursorOf, readCursor, sortKey, trialConditions } from "./trialQuery.ts";
import { readScores, rescoreTrial } from "./trialWriter.ts";
import { bytes, maybeLongText, maybeNumber, maybeText, number, text } from "./values.ts";

/** Rows of a run read at a time by an export. */
const chunk = 500;

/** A trial with what is shown of its request, and its share of the cost: a packed request is paid for by all its trials. */
const wholeTrial = `SELECT trial.*, request.cost * 2 / (1 + length(input.trials) - length(replace(input.trials, ',', ''))) AS cost,
  result.raw, result.error_message FROM trial
  LEFT JOIN request ON request.id = trial.request LEFT JOIN request_input input ON input.request = trial.request
  LEFT JOIN request_result result ON result.request = trial.request`;

interface RunPlace {
  readonly key: number;
  readonly id: string;
  readonly datasetHash: string;
  readonly order: Uint32Array;
}

export class SqliteTrials implements TrialTable {
  readonly #context: StoreContext;
  /** The run that was read last: its order says which row of the dataset a position is. */
  #last: RunPlace | undefined;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  scores(run: string): ReturnType<TrialTable["scores"]> {
    return this.#context.read(() => {
      const { connection, registry } = this.#context;
      const key = registry.run(run) ?? -1;
      const count = number(connection.get("SELECT count(*) AS n FROM trial WHERE run = ?", key)?.["n"]);
      const columns = {
        variant: new Uint32Array(count),
        position: new Uint32Array(count),
        repeat: new Uint32Array(count),
        score: new Float64Array(count),
      };
      let i = 0;
      const rows = connection.tuples(
        "SELECT variant, position, repeat, score FROM trial WHERE run = ? ORDER BY position, variant, repeat",
        key,
      );
      for (const [variant, position, repeat, score] of rows) {
        columns.variant[i] = number(variant);
        columns.position[i] = number(position);
        columns.repeat[i] = number(repeat);
        columns.score[i] = score === null ? Number.NaN : number(score);
        i++;
      }
      return columns;
    });
  }

  columns(run: string): ReturnType<TrialTable["columns"]> {
    return trialColumns(this.#context, run);
  }

  page(
    filter: TrialFilter,
    sort: TrialSort,
    descending: boolean,
    limit: number,
    after?: string,
    skip = 0,
  ): ReturnType<TrialTable["page"]> {
    return this.#context.read(() => this.#page(filter, sort, descending, limit, after, skip));
  }

  count(filter: TrialFilter): Promise<number> {
    return this.#context.read(() => {
      const run = this.#run(filter.run);
      if (run === undefined) return 0;
      const where = trialConditions(this.#context, filter, run);
      const row = this.#context.connection.get(`SELECT count(*) AS n FROM trial WHERE ${where.sql}`, ...where.values);
      return number(row?.["n"]);
    });
  }

  aggregates(run: string): Promise<readonly VariantAggregate[]> {
    return this.#context.read(() =>
      this.#context.connection
        .all("SELECT * FROM variant_total WHERE run = (SELECT key FROM run WHERE id = ?) ORDER BY variant", run)
        .map(aggregateOf),
    );
  }

  confusion(run: string, variant: number): ReturnType<TrialTable["confusion"]> {
    return this.#context.read(() =>
      this.#context.connection
        .all(
          `SELECT expected, expected_body, prediction, prediction_body, count(*) AS n FROM trial
            WHERE run = (SELECT key FROM run WHERE id = ?) AND variant = ? AND expected IS NOT NULL
            AND prediction IS NOT NULL AND state = 0
            GROUP BY expected, expected_body, prediction, prediction_body ORDER BY n DESC, expected, prediction`,
          run,
          variant,
        )
        .map((row) => ({
          expected: this.#answer(row, "expected") ?? "",
          prediction: this.#answer(row, "prediction") ?? "",
          count: number(row["n"]),
        })),
    );
  }

  atPosition(run: string, position: number): Promise<readonly TrialRow[]> {
    return this.#context.read(() => {
      const place = this.#run(run);
      if (place === undefined) return [];
      const rows = this.#context.connection.all(
        `${wholeTrial} WHERE trial.run = ? AND trial.position = ? ORDER BY trial.variant, trial.repeat`,
        place.key,
        position,
      );
      return this.#rows(rows, place);
    });
  }

  rescore(trials: readonly TrialRecord[]): Promise<void> {
    return this.#context.commits.write(() => {
      for (const trial of trials) {
        const run = this.#context.registry.run(trial.run);
        if (run === undefined) throw noRun(trial.run);
        if (!rescoreTrial(this.#context, run, trial)) {
          throw new Error(`no trial at ${trial.position}/${trial.variant}/${trial.repeat} of run ${trial.run}`);
        }
      }
    });
  }

  async *each(filter: TrialFilter): AsyncIterable<TrialRow> {
    let after: string | undefined;
    do {
      const { rows, next } = await this.page(filter, "position", false, chunk, after);
      yield* rows;
      after = next;
    } while (after !== undefined);
  }

  #page(
    filter: TrialFilter,
    sort: TrialSort,
    descending: boolean,
    limit: number,
    after: string | undefined,
    skip: number,
  ): Awaited<ReturnType<TrialTable["page"]>> {
    const place = this.#run(filter.run);
    if (place === undefined) return { rows: [], next: undefined };
    const key = sortKey(sort);
    const where = trialConditions(this.#context, filter, place);
    const start = readCursor(after);
    const direction = descending ? "DESC" : "ASC";
    if (start !== undefined) {
      if (key === undefined) {
        where.and(`(position, variant, repeat) ${descending ? "<" : ">"} (?, ?, ?)`, ...start.place);
      } else {
        const beyond = descending ? "<" : ">";
        where.and(
          `(${key} ${beyond} ? OR (${key} = ? AND (position, variant, repeat) > (?, ?, ?)))`,
          start.value,
          start.value,
          ...start.place,
        );
      }
    }
    const order =
      key === undefined
        ? `position ${direction}, variant ${direction}, repeat ${direction}`
        : `key ${direction}, position, variant, repeat`;
    // The places of the page are found among the narrow rows alone; only these few are then joined with what is shown.
    const found = this.#context.connection.all(
      `SELECT position, variant, repeat, ${key ?? "NULL"} AS key FROM trial WHERE ${where.sql}
        ORDER BY ${order} LIMIT ? OFFSET ?`,
      ...where.values,
      limit + 1,
      skip,
    );
    const shown = found.slice(0, limit);
    const rows = shown.map((row) => {
      const whole = this.#context.connection.get(
        `${wholeTrial} WHERE trial.run = ? AND trial.position = ? AND trial.variant = ? AND trial.repeat = ?`,
        place.key,
        number(row["position"]),
        number(row["variant"]),
        number(row["repeat"]),
      );
      if (whole === undefined) throw new Error("a trial vanished while its page was read");
      return whole;
    });
    const last = shown.at(-1);
    const next = found.length > limit && last !== undefined ? cursorOf(last) : undefined;
    return { rows: this.#rows(rows, place), next };
  }

  #run(id: string): RunPlace | undefined {
    const key = this.#context.registry.run(id);
    if (key === undefined) return undefined;
    if (this.#last?.key !== key) {
      const row = this.#context.connection.get("SELECT dataset_hash, row_order FROM run WHERE key = ?", key);
      if (row === undefined) return undefined;
      this.#last = { key, id, datasetHash: text(row["dataset_hash"]), order: orderOf(bytes(row["row_order"])) };
    }
    return this.#last;
  }

  #rows(rows: readonly Row[], run: RunPlace): TrialRow[] {
    const indexes = rows.map((row) => run.order[number(row["position"])] ?? number(row["position"]));
    const known = this.#context.connection.all(
      `SELECT position, row FROM example WHERE dataset = (SELECT key FROM dataset WHERE hash = ?)
        AND position IN (SELECT value FROM json_each(?))`,
      run.datasetHash,
      JSON.stringify(indexes),
    );
    const rowOf = new Map(known.map((row) => [number(row["position"]), number(row["row"])]));
    return rows.map((row, i) => {
      const index = indexes[i] as number;
      return {
        run: run.id,
        variant: number(row["variant"]),
        position: number(row["position"]),
        repeat: number(row["repeat"]),
        exampleId: text(row["example"]),
        request: maybeNumber(row["request"]),
        state: wordOf(trialStates, number(row["state"])),
        prediction: this.#answer(row, "prediction"),
        expected: this.#answer(row, "expected"),
        score: maybeNumber(row["score"]),
        confidence: maybeNumber(row["confidence"]),
        ...readScores(maybeText(row["scores"])),
        source: maybeWord(sources, row["source"]),
        promptTokens: maybeNumber(row["prompt_tokens"]),
        completionTokens: maybeNumber(row["completion_tokens"]),
        latencyMs: maybeNumber(row["latency_ms"]),
        cost: maybeNumber(row["cost"]),
        errorMessage: maybeLongText(row["error_message"]),
        rawResponse: maybeLongText(row["raw"]),
        // Without the dataset's rows at hand, rows are numbered as they were loaded.
        row: rowOf.get(index) ?? index + 1,
      };
    });
  }

  #answer(row: Row, column: "prediction" | "expected"): string | undefined {
    const body = maybeNumber(row[`${column}_body`]);
    return body === undefined ? maybeText(row[column]) : this.#context.registry.bodyText(body);
  }
}

function aggregateOf(row: Row): VariantAggregate {
  return {
    variant: number(row["variant"]),
    trials: number(row["trials"]),
    scored: number(row["scored"]),
    unparsable: number(row["unparsable"]),
    failed: number(row["failed"]),
    void: number(row["void"]),
    scoreSum: number(row["score_sum"]),
    promptTokens: number(row["prompt_tokens"]),
    completionTokens: number(row["completion_tokens"]),
    cachedTokens: number(row["cached_tokens"]),
    // One completed call without a price makes the sum unknown: it must never count as nothing.
    cost: number(row["unpriced"]) > 0 ? undefined : number(row["cost"]),
    fromCache: number(row["from_cache"]),
  };
}

import { codeOf, trialStates } from "./codes.ts";
import type { StoreContext } from "./context.ts";
import type { Row, Value } from "./sqlite.ts";
import type { TrialFilter, TrialSort } from "./store.ts";
import { number } from "./values.ts";
import { Where } from "./where.ts";

/** What a page is sorted by, as SQL that is never NULL; undefined for the order the rows lie in. */
export function sortKey(sort: TrialSort): string | undefined {
  switch (sort) {
    case "position":
      return undefined;
    case "score":
      return "coalesce(score, -1)";
    case "confidence":
      return "coalesce(confidence, -1)";
    case "latency":
      return "coalesce(latency_ms, -1)";
    case "tokens":
      return "coalesce(prompt_tokens + completion_tokens, -1)";
    case "expected":
      return "coalesce(expected, '')";
    case "prediction":
      return "coalesce(prediction, '')";
  }
}

/** Names the last row of a page, so that the next one can begin behind it. */
export function cursorOf(row: Row): string {
  return JSON.stringify([row["key"], row["position"], row["variant"], row["repeat"]]);
}

export function readCursor(
  cursor: string | undefined,
): { readonly value: Value; readonly place: readonly [number, number, number] } | undefined {
  if (cursor === undefined) return undefined;
  const [value, position, variant, repeat] = JSON.parse(cursor);
  return { value, place: [number(position), number(variant), number(repeat)] };
}

/** A filter as a condition on `trial`. */
export function trialConditions(
  context: StoreContext,
  filter: TrialFilter,
  run: { readonly key: number; readonly datasetHash: string; readonly order: Uint32Array },
): Where {
  const where = new Where().and("run = ?", run.key);
  if (filter.variants !== undefined) {
    where.and("variant IN (SELECT value FROM json_each(?))", JSON.stringify(filter.variants));
  }
  if (filter.states !== undefined) {
    const codes = filter.states.map((state) => codeOf(trialStates, state));
    where.and("state IN (SELECT value FROM json_each(?))", JSON.stringify(codes));
  }
  if (filter.positions !== undefined) {
    where.and("position IN (SELECT value FROM json_each(?))", JSON.stringify(filter.positions));
  }
  if (filter.outcome === "wrong") where.and("(score IS NULL OR score < 1)");
  if (filter.outcome === "right") where.and("score >= 1");
  // A long answer's row holds its beginning; the whole text is compared only where that agrees.
  for (const column of ["expected", "prediction"] as const) {
    const wanted = filter[column];
    if (wanted === undefined) continue;
    where.and(
      `${column} = substr(?, 1, 120) AND (${column}_body IS NULL AND ${column} = ? OR ${column}_body IS NOT NULL
        AND (SELECT plain(data) FROM body WHERE body.id = ${column}_body) = ?)`,
      wanted,
      wanted,
      wanted,
    );
  }
  if (filter.search !== undefined && filter.search !== "") {
    const positions = matchingPositions(context, filter.search, run);
    const needle = filter.search.toLowerCase();
    where.and(
      `(${contains("prediction", needle)} OR position IN (SELECT value FROM json_each(?)) OR EXISTS
        (SELECT 1 FROM request_result result WHERE result.request = trial.request AND ${contains("plain(raw)", needle)}))`,
      pattern(needle),
      JSON.stringify(positions),
      pattern(needle),
    );
  }
  return where;
}

/** Positions whose example has the text in one of its fields. */
function matchingPositions(
  context: StoreContext,
  search: string,
  run: { readonly datasetHash: string; readonly order: Uint32Array },
): number[] {
  const needle = search.toLowerCase();
  const rows = context.connection.tuples(
    // The fields as one text are looked at first, which is cheap but also sees their names.
    `SELECT position FROM example WHERE dataset = (SELECT key FROM dataset WHERE hash = ?)
      AND ${contains("fields", needle)} AND EXISTS
      (SELECT 1 FROM json_each(fields) AS field WHERE ${contains("field.value", needle)})`,
    run.datasetHash,
    pattern(JSON.stringify(needle).slice(1, -1)),
    pattern(needle),
  );
  const found = new Set<number>();
  for (const [position] of rows) found.add(number(position));
  const positions: number[] = [];
  run.order.forEach((row, position) => {
    if (found.has(row)) positions.push(position);
  });
  return positions;
}

/** SQLite's LIKE folds ASCII letters only; a search with others goes through a function. */
function contains(column: string, needle: string): string {
  return isAscii(needle) ? `${column} LIKE ? ESCAPE '\\'` : `folded(${column}) LIKE ? ESCAPE '\\'`;
}

function pattern(needle: string): string {
  return `%${needle.replace(/[\\%_]/g, "\\$&")}%`;
}

function isAscii(value: string): boolean {
  for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) > 127) return false;
  return true;
}

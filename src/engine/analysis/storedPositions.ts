import { UserError } from "../../base/errors.ts";
import { approximateTokenizer } from "../context/tokenizer.ts";
import { layoutMetrics } from "../layout/metrics.ts";
import type { Piece, PromptMessage } from "../prompt/prompt.ts";
import type { RunRecord, Store, TrialRow } from "../store/store.ts";
import { type PlacedScore, type PositionCurve, positionCurves } from "./positions.ts";

/** `layoutlab/positions@1`. */
export interface PositionReport {
  readonly schema: "layoutlab/positions@1";
  readonly run: string;
  /** Column that says where the decisive text stands; null when it is the segment's place in the prompt as sent. */
  readonly column: string | null;
  /** Columns of numbers, which may say it. */
  readonly columns: readonly string[];
  readonly curves: readonly PositionCurve[];
}

/**
 * Accuracy by where the decisive text stands: by a column of the dataset that says so (the place of the right passage, say), or
 * by the share of the prompt that stands before the segment. @throws UserError for a column that is not there or holds no numbers.
 */
export async function storedPositions(
  store: Store,
  record: RunRecord,
  column: string | undefined,
): Promise<PositionReport> {
  const placed = record.variants.map((): PlacedScore[] => []);
  const placeOf = column === undefined ? segmentPlaces(store) : await columnPlaces(store, record, column);
  for await (const trial of store.trials.each({ run: record.id })) {
    if (trial.repeat !== 0 || trial.score === undefined) continue;
    const at = await placeOf(trial);
    if (at !== undefined) placed[trial.variant]?.push({ at, score: trial.score });
  }
  const curves = positionCurves(
    record.variants.map((variant) => ({ variant: variant.id, placed: placed[variant.index] ?? [] })),
    column === undefined ? "share" : "column",
    Number(record.settings["confidence"] ?? 0.95),
  );
  const columns = await numberColumns(store, record);
  return { schema: "layoutlab/positions@1", run: record.id, column: column ?? null, columns, curves };
}

/** Rows that are looked at to find out whether a column holds numbers. */
const lookedAt = 200;

async function numberColumns(store: Store, record: RunRecord): Promise<readonly string[]> {
  const examples = await store.runs.examples(record.datasetHash, [...record.order.slice(0, lookedAt)]);
  const isNumber = (value: unknown) => value !== "" && typeof value !== "boolean" && Number.isFinite(Number(value));
  return Object.keys(examples[0]?.fields ?? {}).filter((name) => {
    const values = examples.map(({ fields }) => fields[name] ?? "").filter((value) => value !== "");
    // One value throughout is no place that could matter.
    return new Set(values).size > 1 && values.every(isNumber);
  });
}

type PlaceOf = (trial: TrialRow) => Promise<number | undefined>;

async function columnPlaces(store: Store, record: RunRecord, column: string): Promise<PlaceOf> {
  const places = new Map<number, number>();
  for (const example of await store.runs.examples(record.datasetHash, [...record.order])) {
    const value = example.fields[column];
    if (value === undefined) {
      throw new UserError(
        "no-column",
        `the dataset of run ${record.id} has no column "${column}"`,
        `use one of ${Object.keys(example.fields).join(", ")}`,
      );
    }
    if (value === null || value === "") continue;
    const place = Number(value);
    if (!Number.isFinite(place)) {
      throw new UserError(
        "no-position",
        `${column} holds ${JSON.stringify(value)} in line ${example.line}, which is no place`,
        "name a column of numbers, such as the index of the right passage",
      );
    }
    places.set(example.index, place);
  }
  return async (trial) => places.get(record.order[trial.position] ?? -1);
}

/** From the prompts as they were sent; rows whose prompt is no longer kept have no place. */
function segmentPlaces(store: Store): PlaceOf {
  const lengths = new Map<string, number>();
  const tokensOf = ({ text }: Piece) => {
    const known = lengths.get(text);
    if (known !== undefined) return known;
    const tokens = approximateTokenizer.count(text);
    if (lengths.size < 10_000) lengths.set(text, tokens);
    return tokens;
  };
  return async ({ request }) => {
    if (request === undefined) return undefined;
    const messages: readonly PromptMessage[] = await store.requests.messages(request);
    return layoutMetrics({ messages }, tokensOf).segmentPosition ?? undefined;
  };
}

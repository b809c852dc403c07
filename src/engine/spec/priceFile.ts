import * as z from "zod";
import { didYouMean } from "../../base/didYouMean.ts";
import type { Price, PriceTable } from "../plan/prices.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { reportIssues } from "./issues.ts";
import { valueAt } from "./repair.ts";
import { hasErrors, oneOf, reporter, sorted } from "./report.ts";
import { readSource } from "./source.ts";

const dollars = z.number().min(0);
const priceSchema = z.strictObject({
  prompt: dollars,
  cached: dollars.optional(),
  completion: dollars,
  upTo: z.number().int().min(1).optional(),
});
const fileSchema = z.strictObject({
  asOf: z.string().optional(),
  source: z.string().optional(),
  prices: z.record(z.string(), priceSchema).nullish(),
});

/** Prices of a workspace, with the day they were looked up and where, as its author wrote it. */
export interface PriceFile {
  readonly prices: PriceTable;
  readonly asOf: string | undefined;
  readonly source: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads `.layoutlab/prices.yaml`: `prices: { MODEL: { prompt, cached, completion } }` in US dollars per million tokens. Never throws. */
export function parsePrices(text: string, file: string): PriceFile {
  const source = readSource(text, file);
  const diagnostics: Diagnostic[] = [...source.diagnostics];
  const none = { prices: {}, asOf: undefined, source: undefined };
  if (hasErrors(diagnostics) || source.value === null || source.value === undefined) return { ...none, diagnostics };
  const result = fileSchema.safeParse(source.value);
  if (!result.success) {
    const report = reporter(source, diagnostics);
    const { issues } = result.error;
    for (const issue of issues) {
      if (issue.code !== "unrecognized_keys") continue;
      const known = Object.keys((issue.path.length === 0 ? fileSchema : priceSchema).shape);
      for (const key of issue.keys) {
        const [near] = didYouMean(key, known);
        const action = near === undefined ? `use ${oneOf(known)}` : `did you mean ${near}?`;
        const path = [...issue.path.map(String), key];
        report(path, { code: "unknown-key", message: `unknown key ${key}`, action, what: "key" });
      }
    }
    const others = issues.filter(({ code }) => code !== "unrecognized_keys");
    reportIssues(others, (path) => valueAt(source.value, path), report);
    return { ...none, diagnostics: sorted(diagnostics) };
  }
  const { prices, asOf } = result.data;
  return {
    prices: Object.fromEntries(Object.entries(prices ?? {}).map(([model, price]) => [model, defined(price)])),
    asOf,
    source: result.data.source,
    diagnostics,
  };
}

function defined({ prompt, cached, completion, upTo }: z.infer<typeof priceSchema>): Price {
  return { prompt, completion, ...(cached === undefined ? {} : { cached }), ...(upTo === undefined ? {} : { upTo }) };
}

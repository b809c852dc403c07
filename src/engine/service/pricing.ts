import path from "node:path";
import type { PriceList } from "../api.ts";
import { builtinPrices, type Price, type PriceTable, pricesAsOf, pricesSource } from "../plan/prices.ts";
import type { Services } from "./deps.ts";
import type { Sources } from "./source.ts";

/** Every price that is known where `folder` is, and whose word it is. */
export async function priceList({ deps }: Services, sources: Sources, folder: string): Promise<PriceList> {
  const found = await sources.prices(path.join(folder, "prices"));
  const rows = new Map<string, PriceList["prices"][number]>();
  const add = (table: PriceTable, from: PriceList["prices"][number]["from"], name: (model: string) => string) => {
    for (const [model, price] of Object.entries(table))
      rows.set(name(model), { model: name(model), ...copy(price), from });
  };
  add(builtinPrices, "built-in", (model) => `openai:${model}`);
  const known = (model: string) => (rows.has(`openai:${model}`) ? `openai:${model}` : model.replace("/", ":"));
  add(deps.prices ?? {}, "settings", known);
  add(found?.prices ?? {}, "file", known);
  return {
    schema: "layoutlab/prices@1",
    asOf: pricesAsOf,
    source: pricesSource,
    file: found === undefined ? undefined : { path: found.path, asOf: found.asOf, source: found.source },
    prices: [...rows.values()].sort((a, b) => (a.model < b.model ? -1 : 1)),
  };
}

function copy({ prompt, cached, completion, upTo }: Price): Price {
  return { prompt, completion, ...(cached === undefined ? {} : { cached }), ...(upTo === undefined ? {} : { upTo }) };
}

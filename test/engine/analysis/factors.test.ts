import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../src/base/random.ts";
import { crossModel } from "../../../src/engine/analysis/crossModel.ts";
import { factorInteractions } from "../../../src/engine/analysis/factors.ts";
import type { RunTable } from "../../../src/engine/analysis/runTable.ts";
import { type MadeAnswer, madeTable } from "./support/madeTable.ts";

const rows = Array.from({ length: 300 }, () => ({ text: "two words" }));
const orders = ["asWritten", "reversed"];

/** Two layouts, two orders of the examples and two styles of one model; the order turns the layout's effect round where it `interacts`. */
function grid(seed: string, interacts: boolean): RunTable {
  const random = seededRandom(seed);
  const names = ["standard", "recency"].flatMap((layout) =>
    orders.flatMap((order) => ["plain", "xml"].map((style) => ({ layout, order, style }))),
  );
  const table = madeTable(
    rows,
    Object.fromEntries(
      names.map(({ layout, order, style }) => {
        const turned = order === "reversed" ? -0.15 : 0.15;
        const right = 0.7 + (layout === "recency" && interacts ? turned : 0) + (style === "xml" ? 0.05 : 0);
        return [`${layout}/${order}-${style}`, rows.map((): MadeAnswer => ({ score: Number(random() < right) }))];
      }),
    ),
  );
  return {
    ...table,
    variants: table.variants.map((variant) => {
      const [order = "", style = ""] = variant.model.split("-");
      return { ...variant, model: "m", parameters: { "examples.order": order, style } };
    }),
  };
}

describe("layouts by parameters", () => {
  it("say which parameter a layout's effect depends on", () => {
    const [order, style] = factorInteractions(grid("turned", true));
    expect(order).toMatchObject({ model: "m", factor: "examples.order", values: orders, rows: 300 });
    expect(order?.p).toBeLessThan(0.001);
    expect(order?.explanation).toMatch(
      /^What a layout does depends on examples.order \(F\(1, 299\).*choose them together/,
    );
    expect(style?.p).toBeGreaterThan(0.05);
    expect(style?.explanation).toContain("No sign that what a layout does depends on style");
  });

  it("claim so of any parameter no more often than they may, all tests together", () => {
    let claimed = 0;
    for (let k = 0; k < 200; k++)
      claimed += Number(factorInteractions(grid(`none ${k}`, false)).some(({ p }) => p !== null && p < 0.05));
    expect(claimed).toBeLessThanOrEqual(19);
  });

  it("are no effect of the model, and need enough rows", () => {
    const table = grid("turned", true);
    const report = crossModel("run", table);
    expect(report.interaction).toBeNull();
    expect(report.factors).toHaveLength(2);
    const few = { ...table, firsts: table.firsts.map((first) => first.slice(0, 5)) };
    expect(factorInteractions(few)[0]).toMatchObject({ p: null, explanation: expect.stringContaining("too few") });
  });
});

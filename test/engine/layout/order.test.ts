import { describe, expect, it } from "vitest";
import { standardLayout } from "../../../src/engine/layout/builtin.ts";
import { withParameters } from "../../../src/engine/layout/compile.ts";
import { inOrder } from "../../../src/engine/layout/order.ts";
import { compileLayout } from "../../../src/engine/layout/render.ts";
import { messageText } from "../../../src/engine/prompt/prompt.ts";
import type { Scalar } from "../../../src/engine/spec/experiment.ts";
import { anExample, fullParts, labels, row } from "./fixtures.ts";

function system(parameters: Readonly<Record<string, Scalar>>, example = anExample, cut = {}): string {
  const { arrangement, parts } = withParameters(standardLayout, fullParts, parameters);
  const [first] = compileLayout(arrangement, parts).assemble(example, cut).messages;
  return first === undefined ? "" : messageText(first);
}

const shown = (text: string) => [...text.matchAll(/^Answer: (\w+)$/gm)].map(([, answer]) => answer);
const listed = (text: string) => /labels and nothing else: (.*)\.$/m.exec(text)?.[1]?.split(", ");

describe("order as a factor", () => {
  it("turns the chosen demonstrations round, and chooses the same ones", () => {
    expect(shown(system({}))).toEqual(["card_arrival", "lost_card"]);
    expect(shown(system({ "examples.order": "asWritten" }))).toEqual(["card_arrival", "lost_card"]);
    expect(shown(system({ "examples.order": "reversed" }))).toEqual(["lost_card", "card_arrival"]);
    const own = row({ text: "My card still has not come.", since: 1 });
    expect(shown(system({ "examples.order": "reversed" }, own))).toEqual(["refund", "lost_card"]);
    const nearest = { "examples.select": "nearest", "examples.count": 3 };
    expect(shown(system({ ...nearest, "examples.order": "reversed" }))).toEqual(shown(system(nearest)).toReversed());
  });

  it("drops the same demonstrations when a prompt is cut", () => {
    const cut = { demonstrations: 1 };
    expect(shown(system({ "examples.order": "reversed" }, anExample, cut))).toEqual(shown(system({}, anExample, cut)));
  });

  it("lists the labels in another order", () => {
    expect(listed(system({}))).toEqual(labels);
    expect(listed(system({ "options.order": "reversed" }))).toEqual(labels.toReversed());
    expect(listed(system({ "options.order": "shuffled" }))?.toSorted()).toEqual(labels.toSorted());
  });

  it("shuffles once for an experiment, by its seed", () => {
    const items = Array.from({ length: 20 }, (_, i) => i);
    expect(inOrder(items, "shuffled", 1)).toEqual(inOrder(items, "shuffled", 1));
    expect(inOrder(items, "shuffled", 1)).not.toEqual(inOrder(items, "shuffled", 2));
    expect(inOrder(items, "shuffled", 1).toSorted((a, b) => a - b)).toEqual(items);
  });
});

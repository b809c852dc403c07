import { describe, expect, it } from "vitest";
import { csvText } from "../../../src/webview/shared/csv.ts";
import { SavedState } from "../../../src/webview/shared/savedState.ts";
import { type Column, inOrder } from "../../../src/webview/shared/sortableTable.ts";
import { variantNames } from "../../../src/webview/shared/variantNames.ts";

describe("a table as CSV", () => {
  it("quotes what needs it and disarms formulas, not numbers", () => {
    expect(
      csvText(
        ["a", "b"],
        [
          ['say "hi"', -1.5],
          ["=1+1", null],
          ["line\nbreak", undefined],
        ],
      ),
    ).toBe('a,b\r\n"say ""hi""",-1.5\r\n\'=1+1,\r\n"line\nbreak",\r\n');
  });
});

describe("sorted rows", () => {
  const columns: readonly Column<{ readonly n: number | null; readonly s: string }>[] = [
    { id: "n", label: "", value: (row) => row.n, cell: () => "" },
    { id: "s", label: "", value: (row) => row.s, cell: () => "" },
  ];
  const rows = [
    { n: 2, s: "b" },
    { n: null, s: "a" },
    { n: 10, s: "c" },
  ];

  it("are numbers as numbers, with the unknown last either way", () => {
    expect(inOrder(rows, columns, "n").map(({ n }) => n)).toEqual([2, 10, null]);
    expect(inOrder(rows, columns, "-n").map(({ n }) => n)).toEqual([10, 2, null]);
    expect(inOrder(rows, columns, "s").map(({ s }) => s)).toEqual(["a", "b", "c"]);
  });

  it("stay as they are under an order nobody knows", () => {
    expect(inOrder(rows, columns, "-gone")).toEqual(rows);
  });
});

describe("a panel's saved state", () => {
  it("comes back, and what has another type than today's is forgotten", () => {
    let kept: unknown = { tab: "errors", count: "many", gone: 1 };
    const keeper = {
      getState: () => kept,
      setState: (state: unknown) => {
        kept = state;
      },
    };
    const state = new SavedState(keeper, { tab: "overview", count: 3 });
    expect(state.value).toEqual({ tab: "errors", count: 3 });
    state.update({ count: 4 });
    expect(new SavedState(keeper, { tab: "overview", count: 3 }).value).toEqual({ tab: "errors", count: 4 });
  });

  it("survives a state that is no object", () => {
    expect(new SavedState({ getState: () => "x", setState: () => undefined }, { a: 1 }).value).toEqual({ a: 1 });
  });
});

describe("short names of variants", () => {
  const variant = (layout: string, model: string, rest = "") => ({ id: `${layout}/${model}${rest}`, layout, model });

  it("leave the model out where there is one", () => {
    const names = variantNames([
      variant("standard", "openai:a/b"),
      variant("standard", "openai:a/b", "/temperature=0.7,style=xml"),
    ]);
    expect([...names.values()]).toEqual(["standard", "standard · temperature=0.7, style=xml"]);
  });

  it("name the model where there are several, unless the table does", () => {
    const variants = [variant("standard", "m:1"), variant("standard", "m:2")];
    expect([...variantNames(variants).values()]).toEqual(["standard · m:1", "standard · m:2"]);
    expect([...variantNames(variants, { grouped: true }).values()]).toEqual(["standard", "standard"]);
  });
});

import { describe, expect, it } from "vitest";
import { builtinLayouts, standardLayout } from "../../../src/engine/layout/builtin.ts";
import { type DeclaredLayout, resolveLayout } from "../../../src/engine/layout/resolve.ts";
import { builtinLayouts as namesInFiles } from "../../../src/engine/spec/names.ts";

const mine: DeclaredLayout = {
  kind: "declared",
  name: "mine",
  system: ["output", "role"],
  user: ["segment", "instructions", "question"],
  style: "xml",
  examplesAs: "text",
  repeat: 1,
};

function arrangementOf(...args: Parameters<typeof resolveLayout>) {
  const resolved = resolveLayout(...args);
  if (resolved.kind === "problem") throw new Error(resolved.message);
  return resolved.arrangement;
}

describe("resolveLayout", () => {
  it("knows every name that experiment files may use", () => {
    expect(builtinLayouts.map((layout) => layout.name)).toEqual([...namesInFiles]);
    for (const name of namesInFiles) expect(arrangementOf({ kind: "named", name }).name).toBe(name);
  });

  it("suggests the nearest name for an unknown one", () => {
    expect(resolveLayout({ kind: "named", name: "sandwhich" })).toEqual({
      kind: "problem",
      code: "unknown-layout",
      message: 'no layout is named "sandwhich"',
      action: "did you mean sandwich?",
      suggestions: ["sandwich"],
    });
  });

  it("finds declared layouts by name", () => {
    const found = arrangementOf({ kind: "named", name: "mine" }, [mine]);
    expect(found).toMatchObject({ system: ["output", "role"], style: "xml" });
  });

  it("applies a hybrid's transforms to the declared layout it names", () => {
    const hybrid = arrangementOf({ kind: "hybrid", name: "mine+recency", of: ["mine", "recency"] }, [mine]);
    expect(hybrid).toMatchObject({
      name: "mine+recency",
      system: ["role"],
      user: ["segment", "question", "instructions", "output"],
      style: "xml",
    });
  });

  it("takes standard in a hybrid for what it is", () => {
    const hybrid = arrangementOf({ kind: "hybrid", name: "h", of: ["standard", "repetition"] });
    expect(hybrid).toEqual({ ...standardLayout, name: "h", repeat: 2, description: "Combines standard, repetition." });
  });

  it("reports a conflict instead of throwing", () => {
    expect(resolveLayout({ kind: "hybrid", name: "h", of: ["static-first", "sandwich"] })).toMatchObject({
      kind: "problem",
      code: "layout-conflict",
      action: "leave one of static-first and sandwich out of the hybrid",
    });
  });

  it("refuses two declared layouts in one hybrid, as each places everything", () => {
    const other = { ...mine, name: "other" };
    const resolved = resolveLayout({ kind: "hybrid", name: "h", of: ["mine", "other"] }, [mine, other]);
    expect(resolved).toMatchObject({ kind: "problem", code: "layout-conflict" });
  });

  it("refuses a declared layout that never shows the text", () => {
    expect(resolveLayout({ ...mine, user: ["question"] })).toMatchObject({ code: "layout-without-segment" });
    expect(resolveLayout({ ...mine, system: ["segment"], user: [] })).toMatchObject({ code: "layout-without-user" });
  });
});

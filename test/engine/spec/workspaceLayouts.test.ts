import { describe, expect, it } from "vitest";
import { formatDiagnostic } from "../../../src/engine/spec/diagnostic.ts";
import { parseWorkspaceLayouts } from "../../../src/engine/spec/workspaceLayouts.ts";

const read = (text: string) => {
  const { layouts, diagnostics } = parseWorkspaceLayouts(text, "layouts.yaml");
  return { names: layouts.map((each) => each.name), lines: diagnostics.map(formatDiagnostic) };
};

describe("a workspace's layouts", () => {
  it("are declarations and hybrids", () => {
    expect(read("layouts:\n  - { name: ours, user: [segment, output] }\n  - { hybrid: [ours, recency] }\n")).toEqual({
      names: ["ours", "ours+recency"],
      lines: [],
    });
  });

  it("may be none", () => {
    expect(read("")).toEqual({ names: [], lines: [] });
    expect(read("layouts: []")).toEqual({ names: [], lines: [] });
  });

  it.each([
    [
      "layouts: [standard]",
      "layouts.yaml:1:11: layouts[1] is only a name: declare it: { name, system, user }, or { hybrid: [a, b] }",
    ],
    ["layouts: [{ name: x, user: [sgment] }]", "layouts.yaml:1:29: unknown part sgment: did you mean segment?"],
    [
      "layouts: [{ name: recency, user: [segment] }]",
      "layouts.yaml:1:19: recency is the name of a built-in layout: give yours another name",
    ],
    ["layout: []", "layouts.yaml:1:1: unknown key layout: did you mean layouts?"],
    ["layouts: [", "layouts.yaml:1:11: "],
  ])("say what is wrong with %j", (text, line) => {
    const { names, lines } = read(text);
    expect(lines.join("\n")).toContain(line);
    expect(names).toEqual([]);
  });
});

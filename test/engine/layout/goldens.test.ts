import { describe, expect, it } from "vitest";
import { builtinLayouts } from "../../../src/engine/layout/builtin.ts";
import { compileLayout } from "../../../src/engine/layout/render.ts";
import { resolveLayout } from "../../../src/engine/layout/resolve.ts";
import type { Style } from "../../../src/engine/spec/experiment.ts";
import { anExample, fullParts, transcript } from "./fixtures.ts";

const styles: readonly Style[] = ["plain", "markdown", "xml"];

describe("prompts of the built-in layouts", () => {
  for (const layout of builtinLayouts) {
    for (const style of styles) {
      it(`${layout.name} in ${style}`, async () => {
        const prompt = compileLayout({ ...layout, style }, fullParts).assemble(anExample);
        await expect(transcript(prompt)).toMatchFileSnapshot(`__goldens__/${layout.name}.${style}.golden.txt`);
      });
    }
  }

  it("sandwich with recency", async () => {
    const hybrid = resolveLayout({ kind: "hybrid", name: "sandwich+recency", of: ["sandwich", "recency"] });
    if (hybrid.kind === "problem") throw new Error(hybrid.message);
    const prompt = compileLayout(hybrid.arrangement, fullParts).assemble(anExample);
    await expect(transcript(prompt)).toMatchFileSnapshot("__goldens__/sandwich+recency.markdown.golden.txt");
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { builtinLayouts } from "../../../src/engine/layout/builtin.ts";
import { compileLayout } from "../../../src/engine/layout/render.ts";
import { toMessages } from "../../../src/engine/prompt/prompt.ts";
import { type ReaderMessage, read, readPrompt } from "../../../src/engine/reader/reader.ts";
import { leastCpuMs } from "../../support/speed.ts";
import { exampleOf, labels, parts, rows } from "./exampleTask.ts";

const snippet = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.constantFrom(
    "Text:",
    "## Examples",
    "<text>",
    "</text>",
    "<examples><example>",
    "Answer:",
    "[1] one",
    "[2] two",
    '{"id": 1}',
    "Answer with a JSON array",
    "The labels are: a, b, c.",
    "- a: first\n- b: second",
    "Answer with one number",
    "\n\n",
    "::::",
    "labels: ,,,,",
    "JSON Schema {",
    "🚲🚲🚲",
    "\ud800",
  ),
);
const content = fc.array(snippet, { maxLength: 12 }).map((some) => some.join("\n"));
const message = fc.record<ReaderMessage>({
  role: fc.constantFrom("system", "developer", "user", "assistant", "tool"),
  content,
});

describe("junk", () => {
  it("is answered with something, and never makes the reader throw", () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 6 }),
        fc.option(fc.jsonValue(), { nil: undefined }),
        fc.double(),
        (messages, schema, temperature) => {
          const reading = readPrompt(messages, { schema, temperature, seed: 3 });
          expect(reading.text.length).toBeGreaterThan(0);
          expect(reading.confidence).toBeGreaterThan(0);
          expect(reading.confidence).toBeLessThanOrEqual(1);
          expect(reading.usage.promptTokens).toBeGreaterThan(0);
          const sum = reading.candidates.reduce((total, { probability }) => total + probability, 0);
          if (reading.candidates.length > 0) expect(sum).toBeCloseTo(1);
        },
      ),
      { numRuns: 400 },
    );
  });

  it("in the text to judge leaves the rest of the prompt understood, in every layout and style", () => {
    const styles = ["plain", "markdown", "xml"] as const;
    fc.assert(
      fc.property(
        fc.constantFrom(...builtinLayouts),
        fc.constantFrom(...styles),
        fc.lorem({ maxCount: 30 }),
        fc.constantFrom(...rows),
        (layout, style, noise, row) => {
          const compiled = compileLayout({ ...layout, style }, parts);
          const text = `${row.text}\n\n${noise}`;
          const reading = readPrompt(toMessages(compiled.assemble(exampleOf({ ...row, text }))));
          expect(reading.form).toBe("label");
          expect(labels).toContain(reading.text);
          expect(reading.candidates).toHaveLength(labels.length);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("is not held for a reader's name", () => {
    expect(read("reader", [{ role: "user", content: "x" }])).toBeDefined();
    for (const name of ["", "gpt-4", "constructor", "__proto__"]) expect(read(name, [])).toBeUndefined();
  });

  it("does not slow it down out of proportion", async () => {
    const long = "a: b [1] <text> ## Text\n\nlabels: x, y\n".repeat(4_000);
    const readAll = () => {
      readPrompt([{ role: "user", content: long }]);
      readPrompt([{ role: "user", content: `${"-".repeat(50_000)}${" ".repeat(50_000)}x` }]);
      readPrompt([{ role: "user", content: `labels ${"a ".repeat(30_000)}: x` }]);
    };
    expect(await leastCpuMs(readAll, { enough: 3_000 })).toBeLessThan(3_000);
  });
});

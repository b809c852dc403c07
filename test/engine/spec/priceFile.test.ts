import { describe, expect, it } from "vitest";
import { formatDiagnostic } from "../../../src/engine/spec/diagnostic.ts";
import { parsePrices } from "../../../src/engine/spec/priceFile.ts";

const lines = (text: string) => parsePrices(text, "prices.yaml").diagnostics.map(formatDiagnostic);

describe("a workspace's prices", () => {
  it("are dollars per million tokens by model, with their day and source", () => {
    const text = `asOf: 2026-11-01
source: our contract
prices:
  openai:gpt-4.1-mini: { prompt: 0.3, cached: 0.05, completion: 1.2 }
  openai:our-own: { prompt: 0, completion: 0, upTo: 32000 }
`;
    expect(parsePrices(text, "prices.yaml")).toEqual({
      asOf: "2026-11-01",
      source: "our contract",
      prices: {
        "openai:gpt-4.1-mini": { prompt: 0.3, cached: 0.05, completion: 1.2 },
        "openai:our-own": { prompt: 0, completion: 0, upTo: 32_000 },
      },
      diagnostics: [],
    });
  });

  it("may be none", () => {
    for (const text of ["", "# nothing yet\n", "prices: {}", "prices:\n# none yet\n"]) {
      expect(parsePrices(text, "prices.yaml").prices).toEqual({});
      expect(lines(text)).toEqual([]);
    }
  });

  it.each([
    ["price: {}", /^prices\.yaml:1:1: unknown key price: did you mean prices/],
    ["prices: { a: { prompt: 1 } }", /^prices\.yaml:1:\d+: .*completion/],
    ["prices: { a: { prompt: -1, completion: 1 } }", /^prices\.yaml:1:\d+: /],
    ["prices: { a: { prompt: free, completion: 1 } }", /^prices\.yaml:1:\d+: .*number/],
    ["prices: [", /^prices\.yaml:1:10: /],
  ])("say what is wrong with %j, and give no price then", (text, line) => {
    expect(lines(text)[0]).toMatch(line);
    expect(parsePrices(text, "prices.yaml").prices).toEqual({});
  });
});

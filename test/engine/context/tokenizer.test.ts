import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { approximateTokens } from "../../../src/engine/context/approximate.ts";
import {
  counterFor,
  countMessages,
  encodingOf,
  loadEncoding,
  loadTokenizer,
  type Tokenizer,
  tokenCounter,
  tokenizerFor,
} from "../../../src/engine/context/tokenizer.ts";
import { builtinLayouts } from "../../../src/engine/layout/builtin.ts";
import { compileLayout } from "../../../src/engine/layout/render.ts";
import { toMessages } from "../../../src/engine/prompt/prompt.ts";
import type { Style } from "../../../src/engine/spec/experiment.ts";
import { anExample, fullParts, row } from "../layout/fixtures.ts";

const styles: readonly Style[] = ["plain", "markdown", "xml"];

it("stands in for an encoding that is not loaded, and gives way to it", async () => {
  expect(tokenizerFor("openai:gpt-3.5-turbo").name).toBe("approximate");
  const loaded = await loadTokenizer("openai:gpt-3.5-turbo");
  expect(loaded).toMatchObject({ name: "cl100k_base", exact: true });
  expect(tokenizerFor("openai:gpt-3.5-turbo")).toBe(loaded);
});

describe("which encoding a model has", () => {
  it("follows OpenAI's families", () => {
    const of = (...ids: string[]) => new Set(ids.map(encodingOf));
    expect(of("openai:gpt-4o-mini", "openai/gpt-4.1", "gpt-5-nano", "openai:o3", "openai:ft:gpt-4o:me")).toEqual(
      new Set(["o200k_base"]),
    );
    expect(of("openai:gpt-4", "openai:gpt-4-turbo-2024-04-09", "gpt-3.5-turbo")).toEqual(new Set(["cl100k_base"]));
  });

  it("is unknown for other providers and other names", () => {
    for (const id of [
      "ollama:gemma3:12b",
      "vscode:copilot/gpt-4.1",
      "builtin:reader",
      "openai:qwen3",
      "replay:x.jsonl",
    ]) {
      expect(encodingOf(id)).toBeUndefined();
      expect(tokenizerFor(id).exact).toBe(false);
    }
  });
});

describe("counting piece by piece", () => {
  let encodings: readonly Tokenizer[];
  beforeAll(async () => {
    encodings = [await loadEncoding("o200k_base"), await loadEncoding("cl100k_base")];
  });

  it("gives exactly the count of the whole for every layout and style", () => {
    for (const tokenizer of encodings) {
      for (const layout of builtinLayouts) {
        for (const style of styles) {
          const prompt = compileLayout({ ...layout, style }, fullParts).assemble(anExample);
          expect(tokenCounter(tokenizer).prompt(prompt)).toBe(countMessages(tokenizer, toMessages(prompt)));
        }
      }
    }
  });

  it("is at most a token a piece off for any text, and not less", () => {
    const tokenizer = encodings[0] as Tokenizer;
    fc.assert(
      fc.property(
        fc.constantFrom(...builtinLayouts),
        fc.constantFrom(...styles),
        fc.string({ unit: "grapheme" }),
        fc.string(),
        (layout, style, text, since) => {
          const prompt = compileLayout({ ...layout, style }, fullParts).assemble(row({ text, since }));
          const sum = tokenCounter(tokenizer).prompt(prompt);
          const whole = countMessages(tokenizer, toMessages(prompt));
          const pieces = prompt.messages.reduce((n, message) => n + message.pieces.length, 0);
          expect(sum).toBeGreaterThanOrEqual(whole);
          expect(sum - whole).toBeLessThanOrEqual(pieces);
        },
      ),
    );
  });

  it("counts a fixed piece once, and a varying text once while it is remembered", () => {
    const counted: string[] = [];
    const counter = tokenCounter({ name: "spy", exact: true, count: (text) => counted.push(text) });
    const compiled = compileLayout(builtinLayouts[0] as (typeof builtinLayouts)[number], fullParts);
    counter.prompt(compiled.assemble(row({ text: "one", since: 1 })));
    const first = counted.length;
    counter.prompt(compiled.assemble(row({ text: "two", since: 1 })));
    expect(counted.slice(first)).toEqual(["## Text\ntwo\n\n"]);
    counter.prompt(compiled.assemble(row({ text: "one", since: 1 })));
    expect(counted).toHaveLength(first + 1);
  });

  it("takes text that looks like a special token for text", () => {
    for (const tokenizer of encodings) expect(tokenizer.count("<|endoftext|>")).toBeGreaterThan(1);
  });

  it("shares one counter a tokenizer", () => {
    expect(counterFor("openai:gpt-4o")).toBe(counterFor("openai:gpt-4.1-mini"));
    expect(counterFor(undefined)).toBe(counterFor("ollama:gemma3"));
  });
});

describe("the approximate count", () => {
  const samples: readonly (readonly [name: string, text: string, within: number])[] = [
    [
      "English",
      "My card was due two weeks ago and it still hasn't arrived, so I'd like to know whether you have my right address. ",
      0.1,
    ],
    [
      "code",
      "export function sum(values: readonly number[]): number {\n  let total = 0;\n  for (const value of values) total += value;\n  return total;\n}\n",
      0.15,
    ],
    [
      "records",
      '{"id": "17", "customer_name": "Ada Lovelace", "amount": 129.95, "currency": "EUR", "status": "card_arrival"}\n',
      0.15,
    ],
    ["German", "Die Überweisung wurde gestern zweimal abgebucht, obwohl ich sie nur einmal bestätigt habe. ", 0.2],
    ["Russian", "Моя карта до сих пор не пришла, хотя я заказал её две недели назад. ", 0.25],
    ["Chinese", "我的银行卡两周前就订了，到现在还没有收到。请帮我查一下地址是否正确。", 0.2],
  ];

  for (const [name, text, within] of samples) {
    it(`is within ${within * 100} % of o200k for ${name}`, async () => {
      const exact = (await loadEncoding("o200k_base")).count(text.repeat(10));
      expect(Math.abs(approximateTokens(text.repeat(10)) - exact) / exact).toBeLessThanOrEqual(within);
    });
  }

  it("is 0 for nothing, positive for anything else, and grows with the text", () => {
    expect(approximateTokens("")).toBe(0);
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "grapheme" }), (text) => {
        expect(approximateTokens(text)).toBeGreaterThan(0);
        expect(approximateTokens(`${text}\nmore words`)).toBeGreaterThan(approximateTokens(text));
      }),
    );
  });
});

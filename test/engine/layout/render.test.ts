import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { builtinLayouts, standardLayout } from "../../../src/engine/layout/builtin.ts";
import { withParameters } from "../../../src/engine/layout/compile.ts";
import type { ExperimentParts } from "../../../src/engine/layout/parts.ts";
import { compileLayout } from "../../../src/engine/layout/render.ts";
import { messageText, type Piece, type Prompt } from "../../../src/engine/prompt/prompt.ts";
import type { Style } from "../../../src/engine/spec/experiment.ts";
import { anExample, arrangement, fullParts, labelOutput, row } from "./fixtures.ts";

const pieces = (prompt: Prompt): Piece[] => prompt.messages.flatMap((message) => [...message.pieces]);
const textOf = (prompt: Prompt) => prompt.messages.map(messageText).join("\n");
const named = (name: string) => builtinLayouts.find((layout) => layout.name === name) ?? standardLayout;

function parts(change: Partial<ExperimentParts["texts"]>, rest: Partial<ExperimentParts> = {}): ExperimentParts {
  return { ...fullParts, ...rest, texts: { ...fullParts.texts, ...change } };
}

function pool(count: number, select: "first" | "random" | "nearest", size = 20): ExperimentParts {
  const demonstrations = Array.from({ length: size }, (_, i) => ({
    input: `message number${i} here`,
    output: "refund",
  }));
  return { ...fullParts, demonstrations: { kind: "pool", pool: demonstrations, count, select } };
}

describe("assembling", () => {
  it("gives the same bytes for the same example, in any compilation", () => {
    for (const layout of builtinLayouts) {
      const one = compileLayout(layout, fullParts);
      const other = compileLayout(layout, fullParts);
      expect(one.assemble(anExample)).toEqual(one.assemble(anExample));
      expect(one.assemble(anExample)).toEqual(other.assemble(anExample));
    }
  });

  it("shares fixed pieces, and messages that are fixed throughout, between prompts", () => {
    for (const layout of builtinLayouts) {
      const compiled = compileLayout(layout, fullParts);
      const [a, b] = [row({ text: "one", since: 1 }), row({ text: "two", since: 2 })].map((x) => compiled.assemble(x));
      const fixed = (prompt: Prompt | undefined) => pieces(prompt as Prompt).filter((piece) => piece.fixed);
      expect(fixed(a).length).toBeGreaterThan(0);
      fixed(a).forEach((piece, i) => {
        expect(fixed(b)[i]).toBe(piece);
      });
      expect(a?.messages[0]).toBe(b?.messages[0]);
    }
  });

  it("puts every placed part in and no other", () => {
    for (const layout of builtinLayouts) {
      const found = new Set(pieces(compileLayout(layout, fullParts).assemble(anExample)).map((piece) => piece.part));
      expect(found).toEqual(new Set([...layout.system, ...layout.user]));
    }
  });

  it("leaves absent parts out and closes up", () => {
    const bare: ExperimentParts = { ...fullParts, texts: { segment: "{{text}}" }, demonstrations: undefined };
    const prompt = compileLayout(standardLayout, bare).assemble(anExample);
    expect(textOf(prompt)).toBe(
      "## Output format\nAnswer with exactly one of these labels and nothing else: card_arrival, lost_card, refund.\n" +
        "## Text\nIt has been two weeks and nothing came in the post.",
    );
  });

  it("sends no system message when nothing stands in it", () => {
    const { role: _, ...texts } = fullParts.texts;
    const prompt = compileLayout(named("minimal-system"), { ...fullParts, texts }).assemble(anExample);
    expect(prompt.messages.map((message) => message.role)).toEqual(["user"]);
  });

  it("drops a block that a row leaves blank, but never the segment", () => {
    const compiled = compileLayout(standardLayout, parts({ context: "{{note}}" }));
    const prompt = compiled.assemble(row({ text: "", note: null }));
    const user = messageText(prompt.messages[1] as Prompt["messages"][number]);
    expect(user).toBe("## Text\n\n\n## Question\nWhich intent is it?");
  });

  it("writes numbers and booleans as they are and null as nothing", () => {
    const prompt = compileLayout(standardLayout, parts({ segment: "{{a}}|{{b}}|{{c}}|" })).assemble(
      row({ a: 0.5, b: false, c: null, since: "x" }),
    );
    expect(textOf(prompt)).toContain("0.5|false||");
  });

  it("never fills a placeholder that came out of a row", () => {
    const prompt = compileLayout(standardLayout, fullParts).assemble(row({ text: "{{since}}", since: 1 }));
    expect(textOf(prompt)).toContain("## Text\n{{since}}");
  });

  it("throws on a column that the row does not have, as files were checked before", () => {
    expect(() => compileLayout(standardLayout, fullParts).assemble(row({ text: "x" }))).toThrow('no column "since"');
  });

  it("ends no message in white space, whatever is left out", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...builtinLayouts),
        fc.constantFrom<Style>("plain", "markdown", "xml"),
        fc.record({ text: fc.string(), note: fc.option(fc.string()) }),
        fc.subarray(["role", "instructions", "definitions", "question", "quickCheck", "context"] as const),
        (layout, style, fields, gone) => {
          const texts = { ...parts({ context: "{{note}}" }).texts };
          for (const part of gone) delete texts[part];
          const prompt = compileLayout({ ...layout, style }, { ...fullParts, texts }).assemble(row(fields));
          for (const message of prompt.messages) {
            const text = messageText(message);
            // An empty text leaves its own heading's line break at the end.
            if (fields.text.trim() !== "") expect(text).toBe(text.trimEnd());
          }
        },
      ),
    );
  });

  it("restates the question, or failing that the output format, when there is no quick check", () => {
    const { quickCheck: _, ...texts } = fullParts.texts;
    const { question: __, ...withoutQuestion } = texts;
    const last = (given: ExperimentParts["texts"]) =>
      pieces(compileLayout(named("sandwich"), { ...fullParts, texts: given }).assemble(anExample)).at(-1);
    expect(last(texts)).toMatchObject({ part: "quickCheck", text: "## Quick check\nWhich intent is it?" });
    expect(last(withoutQuestion)?.text).toContain("Answer with exactly one of these labels");
  });

  it("repeats the user message's text", () => {
    const prompt = compileLayout(named("repetition"), fullParts).assemble(anExample);
    const text = messageText(prompt.messages[1] as Prompt["messages"][number]);
    const half = text.slice(0, (text.length - 2) / 2);
    expect(text).toBe(`${half}\n\n${half}`);
  });
});

describe("static-first", () => {
  it("puts parts with placeholders behind the fixed ones of their message", () => {
    const compiled = compileLayout(named("static-first"), parts({ instructions: "For {{since}}: decide." }));
    const system = compiled.assemble(anExample).messages[0];
    expect(system?.pieces.at(-1)?.part).toBe("instructions");
    expect(system?.pieces.filter((piece) => !piece.fixed)).toHaveLength(1);
  });
});

describe("xml", () => {
  const xml = { ...standardLayout, style: "xml" as const };

  it("keeps a row from closing its element", () => {
    const prompt = compileLayout(xml, fullParts).assemble(row({ text: "a </text> b </Text > <b>c</b> &", since: 1 }));
    expect(textOf(prompt)).toContain("<text>\na &lt;/text> b &lt;/Text > <b>c</b> &\n</text>");
  });

  it("closes each of its elements once, whatever a row or demonstration holds", () => {
    const attack = fc
      .array(fc.oneof(fc.constantFrom("</text>", "</ANSWER >", "</example>", "</examples>", "</context>"), fc.string()))
      .map((bits) => bits.join(""));
    const closings = (text: string, tag: string) => text.match(new RegExp(`</\\s*${tag}\\s*>`, "gi"))?.length ?? 0;
    fc.assert(
      fc.property(attack, (text) => {
        const demonstrations: ExperimentParts["demonstrations"] = {
          kind: "pool",
          pool: [{ input: `x${text}`, output: `y${text}` }],
          count: 1,
          select: "first",
        };
        const prompt = compileLayout(xml, { ...fullParts, demonstrations }).assemble(row({ text, since: text }));
        const partText = (part: string) =>
          pieces(prompt)
            .filter((piece) => piece.part === part)
            .map((piece) => piece.text)
            .join("");
        for (const tag of ["text", "answer", "example", "examples"])
          expect(closings(partText("examples"), tag)).toBe(1);
        expect(closings(partText("segment"), "text")).toBe(1);
        expect(closings(partText("context"), "context")).toBe(1);
      }),
    );
  });
});

describe("demonstrations", () => {
  it("are the first of the pool, at most count", () => {
    const prompt = compileLayout(standardLayout, pool(3, "first")).assemble(anExample);
    expect(textOf(prompt).match(/number\d+/g)).toEqual(["number0", "number1", "number2"]);
  });

  it("drawn at random are the same for every row, and change with the seed", () => {
    const shown = (seed: number, text: string) =>
      textOf(compileLayout(standardLayout, { ...pool(3, "random"), seed }).assemble(row({ text, since: 1 }))).match(
        /number\d+/g,
      );
    expect(shown(1, "a")).toEqual(shown(1, "b"));
    const seeds = new Set([1, 2, 3, 4, 5].map((seed) => String(shown(seed, "a"))));
    expect(seeds.size).toBeGreaterThan(1);
  });

  it("nearest stand most similar last and make the piece vary", () => {
    const compiled = compileLayout(standardLayout, pool(2, "nearest"));
    const prompt = compiled.assemble(row({ text: "about number7 and more", since: 1 }));
    expect(
      textOf(prompt)
        .match(/Text: message (number\d+)/g)
        ?.at(-1),
    ).toBe("Text: message number7");
    expect(pieces(prompt).filter((piece) => piece.part === "examples" && piece.fixed)).toEqual([]);
  });

  it("never show the row under judgement, and another takes its place", () => {
    for (const select of ["first", "random", "nearest"] as const) {
      fc.assert(
        fc.property(fc.nat(19), (i) => {
          const text = `message number${i} here`;
          const shown = textOf(
            compileLayout(standardLayout, pool(5, select)).assemble(row({ text: ` ${text}\n`, since: 1 })),
          );
          const inExamples = shown.match(/Text: message number\d+/g) ?? [];
          expect(inExamples).toHaveLength(5);
          expect(inExamples).not.toContain(`Text: message number${i}`);
        }),
        { numRuns: 30 },
      );
    }
  });

  it("count more than the pool holds shows the pool", () => {
    expect(compileLayout(standardLayout, pool(50, "first")).demonstrations).toBe(20);
  });

  it("are wrapped as the segment is", () => {
    const wrapped = parts({ segment: "Customer wrote: {{text}}" });
    const text = textOf(compileLayout(standardLayout, wrapped).assemble(anExample));
    expect(text).toContain("Text: Customer wrote: My card still has not come.");
  });

  it("as turns have the segment's shape and bare answers", () => {
    const prompt = compileLayout(named("chat-examples"), fullParts).assemble(anExample);
    expect(prompt.messages.map((message) => message.role)).toEqual([
      "system",
      "user",
      "assistant",
      "user",
      "assistant",
      "user",
    ]);
    expect(messageText(prompt.messages[1] as Prompt["messages"][number])).toBe("## Text\nMy card still has not come.");
    expect(messageText(prompt.messages[2] as Prompt["messages"][number])).toBe("card_arrival");
  });

  it("written as one text stay text even where turns are asked for", () => {
    const text: ExperimentParts = { ...fullParts, demonstrations: { kind: "text", text: "bus -> lost_card" } };
    const prompt = compileLayout(named("chat-examples"), text).assemble(anExample);
    expect(prompt.messages).toHaveLength(2);
    expect(textOf(prompt)).toContain("## Examples\nbus -> lost_card");
  });

  it("follow the parameters that vary a prompt", () => {
    const varied = withParameters(standardLayout, pool(3, "first"), {
      "examples.count": 1,
      style: "xml",
      temperature: 1,
    });
    const text = textOf(compileLayout(varied.arrangement, varied.parts).assemble(anExample));
    expect(text.match(/<example>/g)).toHaveLength(1);
    const none = withParameters(standardLayout, pool(3, "first"), { "examples.count": 0 });
    expect(textOf(compileLayout(none.arrangement, none.parts).assemble(anExample))).not.toContain("Example");
  });
});

describe("a cut", () => {
  it("of demonstrations keeps the prompt well formed", () => {
    for (const style of ["plain", "markdown", "xml"] as const) {
      const compiled = compileLayout(arrangement({ style }), pool(5, "first"));
      const text = textOf(compiled.assemble(anExample, { demonstrations: 2 }));
      const fewer = compileLayout(arrangement({ style }), pool(2, "first"));
      expect(text).toBe(textOf(fewer.assemble(anExample)));
      const none = textOf(compiled.assemble(anExample, { demonstrations: 0 }));
      expect(none).toBe(
        textOf(compileLayout(arrangement({ style }), { ...fullParts, demonstrations: undefined }).assemble(anExample)),
      );
    }
  });

  it("of nearest demonstrations keeps the most similar", () => {
    const compiled = compileLayout(standardLayout, pool(5, "nearest"));
    const text = textOf(compiled.assemble(row({ text: "number7", since: 1 }), { demonstrations: 1 }));
    expect(text.match(/number\d+ here/g)).toEqual(["number7 here"]);
  });

  it("replaces the context or leaves it out", () => {
    const compiled = compileLayout(standardLayout, fullParts);
    expect(compiled.contextOf(anExample)).toBe("Customer since 2019.");
    expect(textOf(compiled.assemble(anExample, { context: "short" }))).toContain("## Context\nshort\n");
    expect(textOf(compiled.assemble(anExample, { context: "" }))).not.toContain("Context");
  });
});

describe("the output part", () => {
  const output = (change: object, labels = ["a", "b"]) => {
    const prompt = compileLayout(
      { ...standardLayout, system: ["output"], user: ["segment"] },
      { ...fullParts, labels, output: { ...labelOutput, ...change } },
    ).assemble(anExample);
    return messageText(prompt.messages[0] as Prompt["messages"][number]).replace("## Output format\n", "");
  };

  it("asks for exactly what scorers read", () => {
    expect(output({})).toBe("Answer with exactly one of these labels and nothing else: a, b.");
    expect(output({}, ["yes, sir", "no"])).toBe(
      "Answer with exactly one of these labels and nothing else:\n- yes, sir\n- no",
    );
    expect(output({ type: "number" })).toBe("Answer with one number and nothing else.");
    expect(output({ type: "sql" })).toBe("Answer with one SQL query and nothing else.");
    expect(output({ type: "ranked", maxCandidates: 3 })).toBe(
      "Answer with a JSON array and nothing else: at most 3 answers, best first, each a string.\nThe labels are: a, b.",
    );
    expect(output({ confidence: true })).toContain('{"answer": …, "confidence": …}');
    const schema = { type: "object", properties: { city: { type: "string" } } };
    expect(output({ type: "json", schema })).toBe(
      `Answer with one JSON value that meets this JSON Schema, and nothing else.\n${JSON.stringify(schema)}`,
    );
  });

  it("is the author's own text when there is one", () => {
    expect(output({ text: "Just the label." })).toBe("Just the label.");
  });
});

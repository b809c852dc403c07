import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ParsedAnswer, parseAnswer } from "../../../src/engine/response/answer.ts";
import type { Recorded } from "../../../src/engine/response/outcome.ts";
import type { OutputPart, OutputType } from "../../../src/engine/spec/experiment.ts";
import { leastCpuMs } from "../../support/speed.ts";

const labels = ["card_arrival", "card_lost", "top up failed", "card", "Refund-Request"];
const part = (type: OutputType, more: Partial<OutputPart> = {}): OutputPart => ({
  type,
  labels: "auto",
  schema: undefined,
  confidence: false,
  maxCandidates: 5,
  text: undefined,
  ...more,
});
const parse = (
  text: string,
  output: OutputPart,
  known: readonly string[] = labels,
  more: { tokenConfidence?: number; recorded?: Recorded } = {},
): ParsedAnswer => parseAnswer({ text, tokenConfidence: undefined, ...more }, output, known);
const said = (answer: ParsedAnswer) => (answer.kind === "valid" ? answer.prediction : `invalid: ${answer.problem}`);
const label = (text: string, known = labels) => said(parse(text, part("label"), known));

describe("a label", () => {
  it.each([
    "card_arrival",
    " card_arrival\n",
    "Card arrival",
    "CARD-ARRIVAL",
    '"card_arrival"',
    "`card_arrival`",
    "**card_arrival**",
    "**Card arrival.**",
    "[card_arrival]",
    "- card_arrival",
    "Answer: card_arrival",
    "**Answer:** card_arrival",
    "The answer is card_arrival.",
    "Final answer: **card_arrival**",
    "Label: card arrival",
    "Category = card_arrival",
    "I would say this is card_arrival, since it has not come.",
    "It is not about money.\n\ncard_arrival",
    "card_arrival\n\nThe customer waits for it, and neither card_lost nor a top up failed here.",
    "Could be card_lost, but it never came.\nAnswer: card_arrival",
    "<think>card_lost? no, top up failed? no</think>\ncard_arrival",
    "\\boxed{\\text{card\\_arrival}}".replace("\\_", "_"),
    '{"label": "card_arrival"}',
    '{"answer": "Card arrival", "confidence": 0.9}',
    '```json\n{"intent": "card_arrival"}\n```',
    '{"reason": "waits", "topic": "card_arrival"}',
    'Here you go: {"label": "card_arrival"}',
    "card_arrival (confidence: 80%)",
  ])("is found in %j", (text) => {
    expect(label(text)).toBe("card_arrival");
  });

  it.each([
    ["card_arrival or card_lost", "invalid: ambiguous"],
    ["card_arrival\ncard_lost", "invalid: ambiguous"],
    ["I cannot tell.", "invalid: unknownLabel"],
    ["card_arrivals", "invalid: unknownLabel"],
    ["It is card-related.", "invalid: unknownLabel"],
    ["", "invalid: empty"],
    ["<think>card_lost</think>", "invalid: empty"],
    ['{"label": ["card_lost", "card"]}', "invalid: ambiguous"],
  ])("is not guessed from %j", (text, problem) => {
    expect(label(text)).toBe(problem);
  });

  it("inside a longer label does not count", () => {
    expect(label("This is about card lost.")).toBe("card_lost");
    expect(label("This is about a card.")).toBe("card");
  });

  it("that differs from another only in dress is taken as written, or not at all", () => {
    const close = ["A-B", "a_b"];
    expect(label("a_b", close)).toBe("a_b");
    expect(label("A-B", close)).toBe("A-B");
    expect(label("a b", close)).toBe("invalid: unknownLabel");
  });

  it("of one letter is an option", () => {
    const options = ["A", "B", "C"];
    for (const text of [
      "B",
      "(B)",
      "b",
      "B.",
      "B) bank",
      "(B) bank",
      "B. at the bank",
      "The answer is (B) bank.",
      "\\boxed{(B) \\text{ bank}}",
      "A sound choice is option B",
      "Answer: B",
    ]) {
      expect([text, label(text, options)]).toEqual([text, "B"]);
    }
    expect(label("A good question", options)).toBe("invalid: unknownLabel");
    expect(label("(A) or (B)", options)).toBe("invalid: ambiguous");
  });

  it("of two letters may be a word", () => {
    const words = ["Yes", "No"];
    expect(label("No, there is none.", words)).toBe("No");
    expect(label("Yes, there is no problem.", words)).toBe("Yes");
    expect(label("I think the answer is no.", words)).toBe("No");
  });

  it("without a list is the bare answer", () => {
    expect(label('Answer: "late delivery".', [])).toBe("late delivery");
  });

  it("with signs of patterns in it is text", () => {
    expect(label("It is c++ (fast).", ["c++ (fast)", "c"])).toBe("c++ (fast)");
  });

  it("is always found as itself, in any dress", () => {
    const names = fc.stringMatching(/^[a-z]{3,8}(_[a-z]{3,8}){0,2}$/);
    const dress = fc.constantFrom<(text: string) => string>(
      (text) => text.toUpperCase(),
      (text) => `**${text}**`,
      (text) => `"${text}".`,
      (text) => `Answer: ${text}`,
      (text) => JSON.stringify({ label: text }),
      (text) => text.replaceAll("_", " "),
    );
    fc.assert(
      fc.property(fc.uniqueArray(names, { minLength: 1, maxLength: 8 }), fc.nat(), dress, (known, pick, put) => {
        const wanted = known[pick % known.length] as string;
        expect(label(put(wanted), known)).toBe(wanted);
      }),
    );
  });
});

describe("a confidence", () => {
  const confidence = (text: string, type: OutputType = "label", more = {}) => {
    const answer = parse(text, part(type, { confidence: true }), labels, more);
    return answer.kind === "valid" ? answer.confidence : answer.problem;
  };

  it.each([
    ['{"answer": "card_lost", "confidence": 0.8}', 0.8],
    ['{"answer": "card_lost", "confidence": "80%"}', 0.8],
    ['{"answer": "card_lost", "confidence": 80}', 0.8],
    ["card_lost\nConfidence: 0.8", 0.8],
    ["card_lost\n**Confidence:** 80%", 0.8],
    ["card_lost (confidence 0.8)", undefined],
    ["card_lost, confidence = .75", 0.75],
    ["card_lost\nConfidence level: 1", 1],
    ['{"answer": "card_lost", "confidence": "high"}', undefined],
    ['{"answer": "card_lost", "confidence": 250}', undefined],
    ["card_lost", undefined],
  ])("is read from %j", (text, share) => {
    expect(confidence(text)).toBe(share);
  });

  it("falls back on the recorded one, then on the tokens'", () => {
    expect(confidence("card_lost", "label", { tokenConfidence: 0.6 })).toBe(0.6);
    expect(confidence("card_lost", "label", { tokenConfidence: 0.6, recorded: { confidence: 0.7 } })).toBe(0.7);
    expect(confidence('{"label": "card_lost", "confidence": 0.9}', "label", { tokenConfidence: 0.6 })).toBe(0.9);
  });
});

describe("a number", () => {
  const number = (text: string) => said(parse(text, part("number"), []));

  it.each([
    ["42", "42"],
    ["42.", "42"],
    ["-3.5", "-3.5"],
    ["−3", "-3"],
    ["1,234.5", "1234.5"],
    ["1,234,567", "1234567"],
    ["3,5", "3.5"],
    ["$1,200", "1200"],
    ["1e3", "1000"],
    ["85%", "85"],
    ["She has 42 apples.", "42"],
    ["3 + 4 = 7\nAnswer: 7", "7"],
    ["first 3 then 4\n#### 7", "7"],
    ["So 3 and 4 make \\boxed{7}", "7"],
    ["3 and 4\n\n7", "7"],
    ['{"answer": 7}', "7"],
    ['{"answer": "7 km", "confidence": 0.9}', "7"],
    ["3 or 4", "invalid: ambiguous"],
    ["none", "invalid: noNumber"],
  ])("is read from %j", (text, expected) => {
    expect(number(text)).toBe(expected);
  });

  it("is a number as value, too", () => {
    expect(parse("42", part("number"), [])).toMatchObject({ kind: "valid", value: 42 });
  });
});

describe("a ranking", () => {
  const ranking = (text: string, most = 3, known = labels) => {
    const answer = parse(text, part("ranked", { maxCandidates: most }), known);
    return answer.kind === "valid" ? answer.ranking : answer.problem;
  };

  it.each([
    '["card_lost", "card_arrival"]',
    '{"candidates": ["card_lost", "card_arrival"]}',
    '[{"answer": "card_lost", "confidence": 0.7}, {"answer": "card_arrival", "confidence": 0.2}]',
    "1. card_lost\n2. card_arrival",
    "Most likely first:\n- **Card lost**\n- Card arrival",
    "card_lost, card_arrival",
    "card_lost > card_arrival",
    '["card_lost", "card_lost", "card_arrival"]',
  ])("is read from %j", (text) => {
    expect(ranking(text)).toEqual(["card_lost", "card_arrival"]);
  });

  it("is no longer than asked, and a stranger keeps its place", () => {
    expect(ranking('["a", "card", "card_lost"]', 2)).toEqual(["a", "card"]);
    expect(ranking('["a", "b"]')).toBe("noRanking");
    expect(ranking('["a", "b"]', 5, [])).toEqual(["a", "b"]);
    expect(ranking("[]")).toBe("noRanking");
  });

  it("has its first candidate for a prediction, with that one's confidence", () => {
    expect(parse('[{"answer": "card_lost", "confidence": 0.7}]', part("ranked"))).toMatchObject({
      prediction: "card_lost",
      confidence: 0.7,
    });
  });
});

describe("JSON", () => {
  const schema = {
    type: "object",
    properties: { label: { type: "string" } },
    required: ["label"],
    additionalProperties: false,
  };

  it("is held against its schema and has canonical JSON for a prediction", () => {
    expect(parse('```json\n{"label": "x"}\n```', part("json", { schema }))).toMatchObject({
      kind: "valid",
      prediction: '{"label":"x"}',
      value: { label: "x" },
    });
    expect(parse('{"b": 1, "a": 2}', part("json"))).toMatchObject({ prediction: '{"a":2,"b":1}' });
  });

  it("says which fields are wrong", () => {
    expect(parse('{"lable": 1}', part("json", { schema }))).toMatchObject({
      kind: "invalid",
      problem: "schema",
      message:
        'the JSON does not meet the schema: (root) must have the property "label"; (root) must not have the property "lable"',
      errors: [{ path: "(root)" }, { path: "(root)" }],
    });
  });

  it("may carry the confidence that was asked for beside a closed schema", () => {
    expect(parse('{"label": "x", "confidence": 0.5}', part("json", { schema, confidence: true }))).toMatchObject({
      kind: "valid",
      confidence: 0.5,
    });
    expect(parse('{"label": "x", "confidence": 0.5}', part("json", { schema }))).toMatchObject({ kind: "invalid" });
  });

  it("says where it breaks", () => {
    expect(parse('{"label": x}', part("json"))).toMatchObject({
      kind: "invalid",
      problem: "malformedJson",
      json: { type: "syntax", position: 10, preview: '{"label": x}' },
    });
    expect(parse("just prose", part("json"))).toMatchObject({ problem: "malformedJson", json: undefined });
  });
});

describe("SQL", () => {
  const sql = (text: string) => said(parse(text, part("sql"), []));

  it.each([
    "SELECT a FROM b WHERE c = 1",
    "SELECT a FROM b WHERE c = 1;",
    "```sql\nSELECT a FROM b WHERE c = 1;\n```",
    "Here is the query:\n```\nSELECT a FROM b WHERE c = 1\n```\nIt selects a.",
    "SELECT a FROM b WHERE c = 1\n\nThis selects a.",
    '{"answer": "SELECT a FROM b WHERE c = 1", "confidence": 1}',
  ])("is read from %j", (text) => {
    expect(sql(text)).toBe("SELECT a FROM b WHERE c = 1");
  });

  it.each([
    ["With the totals in mind, this is it:\nSELECT 1", "SELECT 1"],
    ["WITH a AS (\n  SELECT 1\n)\n\nSELECT * FROM a\n\nIt counts.", "WITH a AS (\n  SELECT 1\n)\n\nSELECT * FROM a"],
    ["SELECT ';' AS a; DROP TABLE b;", "SELECT ';' AS a"],
    ["```sql\n-- the first\nSELECT 1;\n```\nor\n```sql\nSELECT 2;\n```", "SELECT 1"],
    ["You could select all rows by SELECT a FROM b;\nHope that helps", "SELECT a FROM b"],
  ])("is told from what stands around it in %j", (text, query) => {
    expect(sql(text)).toBe(query);
  });

  it("is not made up", () => {
    expect(sql("I cannot answer that.")).toBe("invalid: noSql");
  });
});

describe("a text", () => {
  it("is what was written, thoughts and confidence aside", () => {
    expect(said(parse("<think>hm</think> Paris, of course.\nConfidence: 0.9", part("text"), []))).toBe(
      "Paris, of course.",
    );
    expect(said(parse('{"answer": "Paris", "confidence": 0.9}', part("text", { confidence: true }), []))).toBe("Paris");
    expect(said(parse("  ", part("text"), []))).toBe("invalid: empty");
  });
});

describe("a recorded score", () => {
  it("makes a line without its task valid", () => {
    expect(parse("", part("label"), labels, { recorded: { correct: 1 } })).toMatchObject({
      kind: "valid",
      recorded: { correct: 1 },
    });
    expect(parse("card_lost", part("label"), labels, { recorded: { correct: 0 } })).toMatchObject({
      prediction: "card_lost",
      recorded: { correct: 0 },
    });
  });
});

describe("any text whatever", () => {
  it.each(["x", ".", "[", "{", "(", " ", "*", '"', "1", "a ", "answer: ", "confidence ", "\\boxed{", "- "])(
    "is read in a moment, were it a megabyte of %j",
    async (unit) => {
      const readTo = (length: number, enough: number) => {
        const text = `${unit.repeat(length / unit.length)}!`;
        const readAll = () => {
          for (const type of ["label", "json", "text", "number", "ranked", "sql"] as const) parse(text, part(type));
        };
        return leastCpuMs(readAll, { enough });
      };
      // Time grows as the length does, on a machine of whatever speed: with its square it would be 64 times as long.
      const eighth = await readTo(125_000, 0);
      const allowed = 20 * eighth + 200;
      expect(await readTo(1e6, allowed)).toBeLessThan(allowed);
    },
  );

  it("is read without an exception", () => {
    const types = fc.constantFrom<OutputType>("label", "json", "text", "number", "ranked", "sql");
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.string({ unit: "binary" })), types, (text, type) => {
        const answer = parse(text, part(type));
        if (answer.kind === "valid" && type === "label") expect(labels).toContain(answer.prediction);
        if (answer.kind === "invalid") expect(answer.message).not.toBe("");
      }),
      { numRuns: 1000 },
    );
  });
});

const recorded = new URL("../../../../shared/data/", import.meta.url);

describe("recorded answers of a real model", () => {
  it.skipIf(!existsSync(recorded))("are read as an extraction made by others reads them", () => {
    const answers = readFileSync(new URL("replay/csqa_gpt35turbo_4layouts.jsonl", recorded), "utf8").trim().split("\n");
    const [head = [], ...rows] = readFileSync(new URL("matrices/csqa_re2_answers.csv", recorded), "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(","));
    const extracted = new Map(rows.map((row) => [row[0], row]));
    for (const [layout, least] of Object.entries({ direct: 1, direct_re2: 0.99, cot: 0.96, cot_re2: 0.95 })) {
      let agree = 0;
      let contradict = 0;
      for (const line of answers) {
        const fields: Record<string, unknown> = JSON.parse(line);
        const theirs = extracted.get(String(fields["id"]))?.[head.indexOf(`gpt35turbo__${layout}`)];
        const ours = label(String(fields[layout]), ["A", "B", "C", "D", "E"]);
        if (ours === theirs) agree++;
        // Their extraction guesses where the text says nothing; ours says so.
        else if (!ours.startsWith("invalid")) contradict++;
      }
      expect(agree / answers.length).toBeGreaterThanOrEqual(least);
      expect(contradict).toBeLessThanOrEqual(2);
    }
  });
});

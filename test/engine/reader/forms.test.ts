import { describe, expect, it } from "vitest";
import { type ReaderMessage, readPrompt } from "../../../src/engine/reader/reader.ts";

const definitions = `## Definitions
- lost_item: something was left behind or forgotten, such as keys or a bag
- bike_damaged: a bike is broken: brakes, chain, tyre
- refund_status: waiting for money back`;

function prompt(output: string, text = "I forgot my bag in the basket."): ReaderMessage[] {
  return [
    { role: "system", content: `You label messages.\n\n${definitions}\n\n## Output format\n${output}` },
    { role: "user", content: `## Text\n${text}` },
  ];
}

describe("the form of an answer", () => {
  it("is a bare label from the list asked for", () => {
    const reading = readPrompt(
      prompt("Answer with exactly one of these labels and nothing else: lost_item, bike_damaged, refund_status."),
    );
    expect(reading).toMatchObject({ form: "label", text: "lost_item" });
    expect(reading.candidates.map(({ label }) => label).sort()).toEqual(["bike_damaged", "lost_item", "refund_status"]);
    expect(reading.candidates.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1);
    expect(reading.confidence).toBe(reading.candidates[0]?.probability);
  });

  it("takes the labels from a list of lines", () => {
    const reading = readPrompt(
      prompt(
        "Answer with exactly one of these labels and nothing else:\n- lost, or left behind\n- broken bike\n- money",
      ),
    );
    expect(reading.candidates.map(({ label }) => label).sort()).toEqual([
      "broken bike",
      "lost, or left behind",
      "money",
    ]);
  });

  it("takes the labels from definitions, or from demonstrations, when none are listed", () => {
    expect(readPrompt([{ role: "user", content: `${definitions}\n\n## Text\nthe chain broke` }]).text).toBe(
      "bike_damaged",
    );
    const shown =
      "Examples:\n\nText: my chain snapped\nAnswer: broken\n\nText: where are my keys\nAnswer: lost\n\nText:\nI lost my keys";
    expect(readPrompt([{ role: "user", content: shown }]).text).toBe("lost");
  });

  it("reads demonstrations given as chat turns", () => {
    const reading = readPrompt([
      { role: "system", content: "Label the text." },
      { role: "user", content: "Text:\nmy chain snapped" },
      { role: "assistant", content: "broken" },
      { role: "user", content: "Text:\nwhere are my keys" },
      { role: "assistant", content: "lost" },
      { role: "user", content: "Text:\nthe chain is off again" },
    ]);
    expect(reading.text).toBe("broken");
  });

  it("is a JSON object with the keys the prompt names", () => {
    const ask =
      'Answer with one JSON object and nothing else: {"answer": …, "confidence": …}. "answer" is the label; "confidence" is how sure you are, from 0 to 1.\nThe labels are: lost_item, bike_damaged, refund_status.';
    const reading = readPrompt(prompt(ask));
    const value = JSON.parse(reading.text) as Record<string, unknown>;
    expect(reading.form).toBe("json");
    expect(Object.keys(value)).toEqual(["answer", "confidence"]);
    expect(value["answer"]).toBe("lost_item");
    expect(value["confidence"]).toBeCloseTo(reading.confidence, 2);
  });

  it("meets a JSON Schema that the prompt spells out", () => {
    const schema = {
      type: "object",
      properties: { intent: { enum: ["bike_damaged", "lost_item"] }, sure: { type: "boolean" } },
      required: ["intent", "sure"],
    };
    const ask = `Answer with one JSON value that meets this JSON Schema, and nothing else.\n${JSON.stringify(schema)}`;
    expect(JSON.parse(readPrompt(prompt(ask)).text)).toEqual({ intent: "lost_item", sure: expect.any(Boolean) });
  });

  it("meets a JSON Schema given beside the prompt, nested parts included", () => {
    const schema = {
      type: "object",
      properties: {
        label: { type: "string", enum: ["lost_item", "bike_damaged", "refund_status"] },
        confidence: { type: "number", minimum: 0, maximum: 1 },
        reason: { type: "string" },
        others: {
          type: "array",
          minItems: 2,
          maxItems: 2,
          items: { type: "object", properties: { name: { type: "string" } } },
        },
        kind: { const: "intent" },
        note: { anyOf: [{ type: "null" }, { type: "string" }] },
      },
    };
    const value = JSON.parse(readPrompt(prompt("Answer with the label."), { schema }).text) as Record<string, unknown>;
    expect(value).toMatchObject({ label: "lost_item", kind: "intent" });
    expect(value["confidence"]).toBeGreaterThan(0.3);
    expect(value["others"]).toHaveLength(2);
    expect(typeof value["note"]).toBe("string");
  });

  it("is a ranked JSON array, best first and no longer than asked", () => {
    const reading = readPrompt(
      prompt(
        "Answer with a JSON array and nothing else: at most 2 answers, best first, each a string.\nThe labels are: lost_item, bike_damaged, refund_status.",
      ),
    );
    const value = JSON.parse(reading.text) as unknown;
    expect(reading.form).toBe("ranked");
    expect(value).toEqual(reading.candidates.slice(0, 2).map(({ label }) => label));
  });

  it("ranks with confidences when each answer should carry one", () => {
    const reading = readPrompt(
      prompt(
        'Answer with a JSON array and nothing else: at most 3 answers, best first, each {"answer": …, "confidence": …}, confidence from 0 to 1.\nThe labels are: lost_item, bike_damaged, refund_status.',
      ),
    );
    const value = JSON.parse(reading.text) as { answer: string; confidence: number }[];
    expect(value.map(({ answer }) => answer)[0]).toBe("lost_item");
    expect(value.map(({ confidence }) => confidence)).toEqual(
      value.map(({ confidence }) => confidence).toSorted((a, b) => b - a),
    );
  });

  it("is a ranked list of lines when JSON is not asked for", () => {
    const text = readPrompt(
      prompt("Rank the three labels, best first.\nThe labels are: lost_item, bike_damaged, refund_status."),
    ).text;
    expect(text).toMatch(/^1\. lost_item\n2\. \w+\n3\. \w+$/);
  });

  it("is a number", () => {
    const reading = readPrompt([
      { role: "system", content: "Answer with one number and nothing else." },
      { role: "user", content: "Text:\nThe box has 12 screws and 40 nails.\n\nQuestion:\nHow many nails are there?" },
    ]);
    expect(reading).toMatchObject({ form: "number", text: "40" });
  });

  it("is a letter judged by the option behind it", () => {
    const reading = readPrompt([
      {
        role: "user",
        content:
          "Text:\nMy bicycle chain snapped.\nA. a lost bag\nB. a broken bicycle chain\nC. a parking fine\n\nOutput format:\nAnswer with exactly one of these labels and nothing else: A, B, C.",
      },
    ]);
    expect(reading.text).toBe("B");
  });

  it("is a JSON array by id for packed prompts, in both delimiters", () => {
    const ask =
      'Answer with a JSON array and nothing else, one object for each text: {"id": …, "answer": …}.\nThe labels are: lost_item, bike_damaged, refund_status.';
    const bracketed = `${definitions}\n\n## Text\n[a1] I forgot my bag.\n\n[a2] The chain of the bike is broken.\n\n[a3] I wait for my money back.\n\n## Output format\n${ask}`;
    const tagged = `${definitions}\n<segment id="a1">I forgot my bag.</segment>\n<segment id="a2">The chain of the bike is broken.</segment>\n<segment id="a3">I wait for my money back.</segment>\n<output_format>${ask}</output_format>`;
    for (const content of [bracketed, tagged]) {
      const reading = readPrompt([{ role: "user", content }]);
      expect(reading.form).toBe("packed");
      expect(JSON.parse(reading.text)).toEqual([
        { id: "a1", answer: "lost_item" },
        { id: "a2", answer: "bike_damaged" },
        { id: "a3", answer: "refund_status" },
      ]);
    }
  });

  it("finds the sentence that answers a question", () => {
    const reading = readPrompt([
      {
        role: "user",
        content:
          "Context:\nThe museum opens at nine. The tower was built by Anna Brandt in 1911. Tickets cost four euros.\n\nText:\nWho built the tower?\n\nOutput format:\nAnswer briefly.",
      },
    ]);
    expect(reading.form).toBe("text");
    expect(reading.text).toContain("Anna Brandt");
  });

  it("looks up the value of a key, less surely in the middle of many", () => {
    const right: boolean[][] = [];
    for (let set = 0; set < 8; set++) {
      const pairs = Array.from(
        { length: 60 },
        (_, i) => [`key-${set}-${String(i).padStart(6, "0")}`, `value-${i}`] as const,
      );
      const context = pairs.map(([key, value]) => `"${key}": "${value}"`).join("\n");
      right.push(
        pairs.map(([key, value]) => {
          const content = `Context:\n${context}\n\nQuestion:\nWhat is the value of "${key}"?`;
          return readPrompt([{ role: "user", content }]).text === value;
        }),
      );
    }
    const share = (from: number, to: number) =>
      right.flatMap((one) => one.slice(from, to)).filter(Boolean).length / (8 * (to - from));
    expect(share(45, 60)).toBeGreaterThan(share(15, 45));
  });

  it("writes a query over the table the question speaks of", () => {
    const reading = readPrompt([
      { role: "system", content: "Answer with one SQL query and nothing else." },
      {
        role: "user",
        content:
          "Context:\nCREATE TABLE customers (id INTEGER, name TEXT, city TEXT);\nCREATE TABLE orders (id INTEGER, customer_id INTEGER, total REAL);\n\nQuestion:\nHow many orders are there?",
      },
    ]);
    expect(reading.text).toBe("SELECT COUNT(*) FROM orders;");
  });
});

describe("temperature", () => {
  const close = prompt(
    "Answer with exactly one of these labels and nothing else: lost_item, bike_damaged, refund_status.",
    "hello there, a word about your service",
  );

  it("draws from the seed and the prompt, and the same draw again", () => {
    const answers = (temperature: number) =>
      Array.from({ length: 40 }, (_, seed) => readPrompt(close, { temperature, seed }).text);
    expect(answers(1)).toEqual(answers(1));
    expect(new Set(answers(1)).size).toBeGreaterThan(1);
    expect(new Set(answers(0)).size).toBe(1);
  });
});

describe("usage", () => {
  it("comes from the counter passed in, or is an estimate, and is marked approximate", () => {
    const counted = readPrompt(prompt("Answer with the label."), { tokens: () => 7 });
    expect(counted.usage).toEqual({ promptTokens: 25, completionTokens: 7, approximate: true });
    const { promptTokens } = readPrompt(prompt("Answer with the label.")).usage;
    expect(promptTokens).toBeGreaterThan(60);
    expect(promptTokens).toBeLessThan(120);
  });
});

import { afterEach, describe, expect, it } from "vitest";
import { segmentFeatures } from "../../../src/engine/layout/features.ts";
import { conditionsText, firstMatch } from "../../../src/engine/layout/rules.ts";
import type { Condition } from "../../../src/engine/spec/experiment.ts";
import { openLab, runLab, type TestLab } from "../../support/engine.ts";

describe("segmentFeatures", () => {
  it.each([
    ["", 0],
    ["Don't panic: state-of-the-art, 3 times.", 5],
    ["我的卡还没到", 6],
  ])("counts the words of %j", (text, words) => expect(segmentFeatures(text).words).toBe(words));

  it.each([
    ["Why?", 1],
    ["What?! Really??? No.", 2],
    ["どこですか？", 1],
    ["None at all.", 0],
  ])("counts the questions of %j", (text, questions) => expect(segmentFeatures(text).questions).toBe(questions));

  it.each([
    ["I paid 20 euros", true],
    ["٣ times", true],
    ["twenty euros", false],
  ])("sees whether %j holds numbers", (text, numbers) => expect(segmentFeatures(text).numbers).toBe(numbers));

  it.each([
    ["use `a.b()` here", true],
    ["const x = 1;\n", true],
    ["SELECT name FROM users WHERE id = 3", true],
    ["if (a && b) return", true],
    ['{"key": 1}', true],
    ["<p>hello</p>", true],
    ["Select one from the list, please.", false],
    ["My card (the new one) has not come; what now?", false],
    ["It's 5 < 6, I think...", false],
  ])("sees whether %j holds code", (text, code) => expect(segmentFeatures(text).code).toBe(code));

  it.each([
    ["Where is my card? It has not come.", "en"],
    ["Wo ist meine Karte? Sie ist noch nicht da und ich warte.", "de"],
    ["Je ne trouve pas la carte dans le courrier.", "fr"],
    ["No me ha llegado la tarjeta y es urgente.", "es"],
    ["Где моя карта?", "ru"],
    ["カードが届きません", "ja"],
    ["我的卡还没到", "zh"],
    ["카드가 안 왔어요", "ko"],
    ["12345", "other"],
  ])("guesses the language of %j", (text, language) => expect(segmentFeatures(text).language).toBe(language));
});

describe("rules", () => {
  const long: Condition = { feature: "words", op: ">", value: 3 };
  const rules = [
    { when: [long, { feature: "numbers", is: true }] as const, use: "a" },
    { when: [long], use: "b" },
    { when: [], use: "c" },
  ];
  it.each([
    ["one two three 4", "a"],
    ["one two three four", "b"],
    ["one 2", "c"],
  ])("take the first that fits %j", (text, use) => {
    expect(firstMatch(rules, segmentFeatures(text))?.use).toBe(use);
  });

  it.each([
    [">=", [false, true, true]],
    [">", [false, false, true]],
    ["<=", [true, true, false]],
    ["<", [true, false, false]],
    ["==", [false, true, false]],
  ] as const)("compare with %s", (op, expected) => {
    const when = [{ feature: "words", op, value: 2 }] as const;
    expect(["a", "a b", "a b c"].map((text) => firstMatch([{ when }], segmentFeatures(text)) !== undefined)).toEqual(
      expected,
    );
  });

  it("read as sentences do", () => {
    expect(conditionsText([long, { feature: "code", is: false }, { feature: "language", is: "de" }])).toBe(
      "words > 3 and no code and language de",
    );
    expect(conditionsText([])).toBe("otherwise");
  });
});

const labs: TestLab[] = [];
afterEach(async () => {
  for (const lab of labs.splice(0)) await lab.close();
});

describe("a dynamic layout in a run", () => {
  const dynamic = "{ name: by-number, dynamic: [{ when: { numbers: true }, use: sandwich }, { use: standard }] }";

  it("gives each example the prompt of the layout that its rule names", async () => {
    const lab = await openLab({ layouts: [dynamic, "standard", "sandwich"], rows: 6 });
    labs.push(lab);
    await lab.write("data.csv", "id,text,label\nr0,item 0,red\nr1,item one,green\n");
    const engine = await lab.open();
    const shown = async (layout: string, example: number) => engine.previewText({ file: lab.file, layout, example });
    expect(await shown("by-number", 0)).toBe(await shown("sandwich", 0));
    expect(await shown("by-number", 1)).toBe(await shown("standard", 1));
    expect(await shown("sandwich", 1)).not.toBe(await shown("standard", 1));
    const preview = await engine.preview({ file: lab.file, layout: "by-number", example: 0 });
    expect([preview.layout, preview.description]).toEqual(["by-number", "sandwich for this text (numbers)."]);
    const { summary } = await runLab(engine, lab);
    expect(summary.variants.map(({ layout }) => layout)).toEqual(["by-number", "standard", "sandwich"]);
  });

  it("shares answers with the layouts it uses", async () => {
    const lab = await openLab({ layouts: [dynamic, "sandwich"], rows: 12, more: "sampling: { mode: full }" });
    labs.push(lab);
    const engine = await lab.open();
    const { summary } = await runLab(engine, lab);
    // All texts hold a number, so both variants ask the very same prompts.
    expect(summary.requests.sent).toBe(12);
    expect(summary.requests.cached).toBe(12);
  });

  it("trims as the layout of the example would", async () => {
    const lab = await openLab({ layouts: [dynamic, "sandwich"], more: "context: { maxTokens: 5 }\n" });
    labs.push(lab);
    const engine = await lab.open();
    const preview = (layout: string) => engine.preview({ file: lab.file, layout, example: 0 });
    expect((await preview("by-number")).trim).toEqual((await preview("sandwich")).trim);
  });
});

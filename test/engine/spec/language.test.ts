import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryFiles } from "../../../src/base/files.ts";
import {
  completions,
  definition,
  type FileSymbol,
  hover,
  type LanguageContext,
  quickFixes,
  symbols,
} from "../../../src/engine/spec/language.ts";
import { nearFiles } from "../../../src/engine/spec/nearFiles.ts";
import { parseExperiment } from "../../../src/engine/spec/parse.ts";
import { contractFile } from "./contractFile.ts";

const context: LanguageContext = {
  columns: ["text", "label", "passage"],
  sample: { text: "Where is\nmy card?", label: "card" },
  models: [
    { id: "builtin:reader", detail: "works offline" },
    { id: "openai:gpt-4.1-mini", detail: "1M tokens" },
  ],
  layouts: [
    { name: "standard", description: "All that is fixed first." },
    { name: "recency", description: "The decision last." },
  ],
};

const head = "name: a\ndataset: d.csv\nmodels: [builtin:reader]\n";

/** Splits a text at the cursor, written `▮`. */
function at(text: string): { readonly text: string; readonly offset: number } {
  const offset = text.indexOf("▮");
  return { text: text.replace("▮", ""), offset };
}

function offered(withCursor: string): readonly string[] {
  const { text, offset } = at(withCursor);
  return completions(parseExperiment(text, "f"), offset, context).map((each) => each.newText);
}

/** The text after the offered item whose label is given has been taken. */
function taken(withCursor: string, label: string): string {
  const { text, offset } = at(withCursor);
  const parsed = parseExperiment(text, "f");
  const chosen = completions(parsed, offset, context).find((each) => each.label === label);
  if (chosen === undefined) throw new Error(`nothing is labelled ${label}`);
  const { source } = parsed;
  return (
    text.slice(0, source.offset(chosen.range.start)) + chosen.newText + text.slice(source.offset(chosen.range.end))
  );
}

const sections = [
  "prompt:\n  ",
  "chain: ",
  "layouts: ",
  "tools: ",
  "parameters:\n  ",
  "sampling:\n  ",
  "stopping:\n  ",
  "scoring: ",
  "ensemble: ",
  "limits:\n  ",
  "context:\n  ",
  "cache:\n  ",
  "packing:\n  ",
  "assert:\n  ",
  "track:\n  ",
];

describe("files near the experiment", () => {
  const files = ["a.csv", "data/my rows.jsonl", "notes.md", "role.txt", "score.mjs", "shop.sqlite", "data/old.db"];
  const near = (withCursor: string) => {
    const { text, offset } = at(withCursor);
    return completions(parseExperiment(text, "f"), offset, { ...context, files }).map((each) => each.newText);
  };

  it.each([
    ["dataset: ▮\n", ["a.csv", "data/my rows.jsonl"]],
    ["dataset:\n  path: ▮\n", ["a.csv", "data/my rows.jsonl"]],
    ["scoring:\n  - type: sql\n    database: ▮\n", ["shop.sqlite", "data/old.db"]],
    ["scoring: [{ type: sql, database: sh▮ }]\n", ["shop.sqlite", "data/old.db"]],
    ["scoring:\n  - type: script\n    file: ▮\n", ["score.mjs"]],
    ["scoring:\n  - type: judge\n    rubric:\n      file: ▮\n", ["notes.md", "role.txt"]],
    ["prompt:\n  role:\n    file: ▮\n", ["notes.md", "role.txt"]],
  ])("are offered where their kind is named: %j", (text, wanted) => {
    expect(near(`name: a\n${text}`)).toEqual(wanted);
  });

  it("are found in its folder and the folders in it", async () => {
    const disk = new MemoryFiles({ "b.csv": "", ".git/c.csv": "", "data/a.csv": "", "node_modules/d.json": "" });
    expect(await nearFiles(disk)).toEqual(["b.csv", "data/a.csv"]);
  });

  it("leave the example of the schema where there is none of the kind", () => {
    expect(offered("name: a\nscoring:\n  - type: sql\n    database: ▮\n")).toEqual(["shop.sqlite"]);
  });
});

it("offers a scorer's keys by its type", () => {
  expect(offered("name: a\nscoring:\n  - type: sql\n    ▮\n").map((key) => key.split(":")[0])).toEqual([
    "database",
    "timeout",
    "concurrency",
    "order",
  ]);
});

describe("completion of keys", () => {
  it.each([
    ["in an empty file", "▮", ["name: ", "dataset: ", "models: ", ...sections]],
    ["of sections that are not there yet", `${head}▮`, sections],
    ["of sections over a half-typed word", `${head}lay▮`, sections],
    [
      "between two sections",
      `${head}▮\nstopping:\n  rule: none\n`,
      sections.filter((each) => !each.startsWith("stopping")),
    ],
    ["in a block", `${head}stopping:\n  ▮`, ["rule: ", "patience: ", "threshold: "]],
    [
      "in a block that has some",
      `${head}stopping:\n  rule: none\n  ▮\nlayouts: [standard]`,
      ["patience: ", "threshold: "],
    ],
    ["in a block, over a word", `${head}stopping:\n  rule: none\n  thr▮`, ["patience: ", "threshold: "]],
    ["in braces", `${head}stopping: { ▮ }`, ["rule: ", "patience: ", "threshold: "]],
    ["in braces that are not closed", `${head}stopping: { rule: none, ▮`, ["patience: ", "threshold: "]],
    [
      "in a list of maps",
      `${head}limits:\n  pools:\n    - concurrency: 3\n      ▮`,
      ["models: ", "requestsPerMinute: ", "tokensPerMinute: ", "window: ", "kind: "],
    ],
    ["of a hybrid alone", `${head}layouts:\n  - hybrid: [a, b]\n    ▮`, ["name: "]],
    [
      "of demonstrations in a file",
      `${head}prompt:\n  examples:\n    path: x.csv\n    ▮`,
      ["format: ", "count: ", "select: ", "input: ", "expected: "],
    ],
    ["where the key has its colon already", `${head}stopping:\n  r▮: none`, ["rule", "patience", "threshold"]],
    ["in JSON", '{"stopping": {"▮": "none"}}', ["rule", "patience", "threshold"]],
    ["of columns in a filter", "dataset:\n  path: d.csv\n  filter:\n    ▮", ["text: ", "label: ", "passage: "]],
  ])("%s", (_, text, expected) => {
    expect(offered(text)).toEqual(expected);
  });

  it("of parameters, known ones first", () => {
    expect(offered(`${head}parameters:\n  temperature: 0\n  ▮`)).toEqual(
      expect.arrayContaining(["top_p: ", "examples.count: ", "style: "]),
    );
    expect(offered(`${head}parameters:\n  temperature: 0\n  ▮`)).not.toContain("temperature: ");
  });

  it("indents what goes below a section", () => {
    expect(taken(`${head}samp▮`, "sampling")).toBe(`${head}sampling:\n  `);
    expect(taken("dataset:\n  path: d.csv\n  ▮", "filter")).toBe("dataset:\n  path: d.csv\n  filter:\n    ");
    expect(taken(`${head}stopping: { ru▮ }`, "rule")).toBe(`${head}stopping: { rule:  }`);
  });
});

describe("completion of values", () => {
  const modes = ["adaptive", "full", "fixed", "doubling", "bandit", "halving", "bayes"];
  it.each([
    ["behind the colon", `${head}sampling:\n  mode: ▮`, modes],
    ["over a half-typed word, with lines below", `${head}sampling:\n  mode: ad▮\n  max: 5\n`, modes],
    ["in braces", `${head}sampling: { mode: ▮ }`, modes],
    ["in quotes", '{"sampling": {"mode": "▮"}}', modes],
    ["of layouts in a list", `${head}layouts: [▮]`, ["standard", "recency"]],
    [
      "of layouts in a list that is not closed",
      `${head}layouts: [standard, re▮\nsampling:\n  mode: full\n`,
      ["standard", "recency"],
    ],
    ["of an ensemble", `${head}layouts: [recency, sandwich]\nensemble:\n  - layouts: [▮]`, ["recency", "sandwich"]],
    [
      "of models",
      "models:\n  - ▮",
      ["builtin:reader", "openai:gpt-4.1-mini", "builtin:", "openai:", "ollama:", "vscode:", "replay:"],
    ],
    ["of columns", "dataset: { path: d.csv, expected: ▮ }", ["text", "label", "passage"]],
    ["of columns for parts", "dataset:\n  path: d.csv\n  input:\n    segment: ▮", ["text", "label", "passage"]],
    ["of truth", `${head}sampling:\n  strict: ▮`, ["true", "false"]],
    ["by an example", `${head}limits:\n  maxDuration: ▮`, ["2h"]],
    ["by an example that needs quotes", `${head}assert:\n  accuracy: ▮`, ['">= 0.8"']],
    ["of labels", `${head}prompt:\n  output:\n    labels: ▮`, ["auto"]],
    ["of a grid", `${head}parameters:\n  style: [▮]`, ["plain", "markdown", "xml"]],
    ["of nothing, in a comment", `${head}# mode: ▮`, []],
    ["of nothing, in running text", `${head}prompt:\n  role: You are ▮`, []],
    ["of nothing, in a block text", `${head}prompt:\n  role: |\n    You are ▮\n`, []],
  ])("%s", (_, text, expected) => {
    expect(offered(text)).toEqual(expected);
  });

  it("of parts, those not yet placed first", () => {
    expect(offered(`${head}layouts: [{ name: x, user: [segment, ▮] }]`)).toEqual([
      "role",
      "instructions",
      "definitions",
      "examples",
      "context",
      "question",
      "quickCheck",
      "output",
      "segment",
    ]);
  });

  it("offers names and keys alike where a list takes both", () => {
    const all = offered(`${head}layouts:\n  - ▮`);
    expect(all).toEqual([
      "standard",
      "recency",
      "hybrid: ",
      "name: ",
      "dynamic: ",
      "system: ",
      "user: ",
      "style: ",
      "examplesAs: ",
      "repeat: ",
    ]);
  });

  it("replaces a whole model id, colon and all", () => {
    expect(taken("models:\n  - openai:gp▮\n", "openai:gpt-4.1-mini")).toBe("models:\n  - openai:gpt-4.1-mini\n");
  });
});

describe("completion of columns in braces", () => {
  it.each([
    ["closes them", 'prompt:\n  segment: "{{▮"', 'prompt:\n  segment: "{{text}}"'],
    ["over a half-typed name", 'prompt:\n  segment: "Say {{ te▮"', 'prompt:\n  segment: "Say {{ text}}"'],
    ["keeps braces that are closed", 'prompt:\n  segment: "{{te▮}} more"', 'prompt:\n  segment: "{{text}} more"'],
    [
      "in a block text",
      "prompt:\n  segment: |\n    Say {{▮\n  question: x",
      "prompt:\n  segment: |\n    Say {{text}}\n  question: x",
    ],
    ["adds the quotes a bare value needs", "prompt:\n  segment: {{te▮", 'prompt:\n  segment: "{{text}}"'],
  ])("%s", (_, text, expected) => {
    expect(taken(text, "text")).toBe(expected);
  });

  it("shows what the column holds", () => {
    const { text, offset } = at('prompt:\n  segment: "{{▮');
    expect(completions(parseExperiment(text, "f"), offset, context)[0]?.documentation).toContain(
      "> Where is\n> my card?",
    );
  });

  it("offers nothing behind escaped braces", () => {
    expect(offered('prompt:\n  segment: "\\\\{{▮')).toEqual([]);
  });
});

describe("hover", () => {
  const over = (text: string): string | undefined => {
    const { text: plain, offset } = at(text);
    return hover(parseExperiment(plain, "f"), offset, context)?.text;
  };

  it.each([
    ["a section", `${head}samp▮ling: {}`, "**sampling**\n\nHow many trials, and which."],
    [
      "a key",
      `${head}sampling: { equi▮valence: 0.02 }`,
      "**equivalence**\n\nDifferences up to this much count as none: 0.02 is two points of accuracy.\n\nDefault: `0.02`.",
    ],
    ["a value of a closed list", `${head}sampling: { mode: fu▮ll }`, "One of `adaptive`, `full`"],
    ["a layout", `${head}layouts: [rece▮ncy]`, "**recency**\n\nThe decision last."],
    [
      "a declared layout",
      `${head}layouts: [{ name: mine, user: [segment, output] }, { hybrid: [mi▮ne, recency] }]`,
      "**mine** (declared in this file)\n\n- system: none\n- user: segment, output",
    ],
    ["a part in a layout", `${head}layouts: [{ name: mine, user: [seg▮ment] }]`, "The text under judgement."],
    [
      "a placeholder",
      `${head}prompt: { segment: "Say {{te▮xt}}" }`,
      "The column `text` of the example, such as:\n\n> Where is\n> my card?",
    ],
    [
      "a mapped placeholder",
      'name: a\ndataset: { path: d.csv, input: { segment: text } }\nmodels: [builtin:reader]\nprompt: { segment: "{{seg▮ment}}" }',
      "The column `text`",
    ],
    ["a placeholder without a column", `${head}prompt: { segment: "{{t▮xt}}" }`, "The dataset has no column `txt`."],
    ["a model", "models: [openai:gpt▮-4.1-mini]", "1M tokens"],
    ["a parameter", `${head}parameters: { temper▮ature: 0 }`, "How freely the model chooses"],
    ["a duration", `${head}limits: { timeout: 2▮h }`, "7,200,000 ms"],
    ["a size", `${head}context: { vramWarning: 14▮GB }`, "15,032,385,536 bytes"],
  ])("explains %s", (_, text, expected) => {
    expect(over(text)).toContain(expected);
  });

  it.each(["▮", "# com▮ment", `${head}\n▮`, `${head}unknown▮: 1`])("has nothing to say at %j", (text) => {
    expect(over(text)).toBeUndefined();
  });

  it("covers the word it explains", () => {
    const { text, offset } = at(`${head}prompt: { segment: "Say {{te▮xt}}" }`);
    const { range } = hover(parseExperiment(text, "f"), offset, context) ?? {};
    expect(range).toEqual({ start: { line: 4, column: 25 }, end: { line: 4, column: 33 } });
  });
});

describe("symbols", () => {
  const outline = (list: readonly FileSymbol[]): unknown[] =>
    list.map(({ name, kind, children }) => (children.length > 0 ? [kind, name, outline(children)] : [kind, name]));

  it("give the outline of a file", () => {
    const text = `${head}prompt:\n  role: You.\n  segment: "{{text}}"\nlayouts: [standard, { hybrid: [a, b] }, { name: mine, user: [segment] }]\nchain: [{ id: hop, question: x }]\n`;
    expect(outline(symbols(parseExperiment(text, "f")))).toEqual([
      ["section", "name"],
      ["section", "dataset"],
      ["section", "models", [["model", "builtin:reader"]]],
      [
        "section",
        "prompt",
        [
          ["part", "role"],
          ["part", "segment"],
        ],
      ],
      [
        "section",
        "layouts",
        [
          ["layout", "standard"],
          ["layout", "a+b"],
          ["layout", "mine"],
        ],
      ],
      ["section", "chain", [["item", "hop"]]],
    ]);
  });

  it("lie in their parents, and their names in them", () => {
    const inside = (inner: FileSymbol["range"], outer: FileSymbol["range"]) => {
      const number = (p: { line: number; column: number }) => p.line * 10_000 + p.column;
      expect(number(inner.start)).toBeGreaterThanOrEqual(number(outer.start));
      expect(number(inner.end)).toBeLessThanOrEqual(number(outer.end));
    };
    const walk = (symbol: FileSymbol) => {
      inside(symbol.selection, symbol.range);
      for (const child of symbol.children) {
        inside(child.range, symbol.range);
        walk(child);
      }
    };
    symbols(parseExperiment(contractFile, "f")).forEach(walk);
  });
});

describe("quick fixes", () => {
  /** The text after each fix of the diagnostic with the code, by title. */
  const fixed = (text: string, code: string): Record<string, string> => {
    const parsed = parseExperiment(text, "f");
    const diagnostic = parsed.diagnostics.find((each) => each.code === code);
    if (diagnostic === undefined) throw new Error(`no ${code} among ${parsed.diagnostics.map((each) => each.code)}`);
    return Object.fromEntries(
      quickFixes(parsed, diagnostic).map(({ title, edits }) => {
        let out = text;
        for (const { range, newText } of edits.toReversed())
          out = out.slice(0, parsed.source.offset(range.start)) + newText + out.slice(parsed.source.offset(range.end));
        return [title, out];
      }),
    );
  };

  it.each([
    [
      "a misspelt key",
      `${head}smapling: {}\n`,
      "unknown-key",
      { "Change to sampling": `${head}sampling: {}\n`, "Remove it": head },
    ],
    [
      "a key in braces",
      `${head}limits: { maxCals: 3, retries: 1 }`,
      "unknown-key",
      {
        "Change to maxCalls": `${head}limits: { maxCalls: 3, retries: 1 }`,
        "Remove it": `${head}limits: { retries: 1 }`,
      },
    ],
    [
      "a misspelt value",
      `${head}sampling: { mode: "adptive" }`,
      "unknown-value",
      { "Change to adaptive": `${head}sampling: { mode: "adaptive" }` },
    ],
    [
      "a misspelt layout",
      `${head}layouts: [recncy]`,
      "unknown-layout",
      { "Change to recency": `${head}layouts: [recency]` },
    ],
    [
      "a layout that stands twice",
      `${head}layouts: [recency, standard, recency]`,
      "duplicate-layout",
      { "Remove it": `${head}layouts: [recency, standard]` },
    ],
    [
      "a layout that stands twice, on lines",
      `${head}layouts:\n  - recency\n  - recency\n`,
      "duplicate-layout",
      { "Remove it": `${head}layouts:\n  - recency\n` },
    ],
    [
      "bare braces",
      `${head}prompt:\n  segment: {{text}}\n`,
      "bare-braces",
      { 'Change to "{{text}}"': `${head}prompt:\n  segment: "{{text}}"\n` },
    ],
    [
      "bare braces with text",
      `${head}prompt:\n  segment: {{text}} and more\n`,
      "bare-braces",
      { 'Change to "{{text}} and more"': `${head}prompt:\n  segment: "{{text}} and more"\n` },
    ],
    [
      "a value for a list",
      `${head}layouts: standard\n`,
      "wrong-type",
      { "Make it a list": `${head}layouts: [standard]\n` },
    ],
    [
      "a missing name",
      "# comment\ndataset: d.csv\nmodels: [builtin:reader]\n",
      "missing-key",
      { "Add name": "# comment\nname: untitled\ndataset: d.csv\nmodels: [builtin:reader]\n" },
    ],
    [
      "a number without its unit",
      `${head}limits: { timeout: 60 }`,
      "wrong-value",
      {
        "Change to 60s": `${head}limits: { timeout: 60s }`,
        "Change to 60m": expect.any(String),
        "Change to 60ms": expect.any(String),
        "Change to 60h": expect.any(String),
      },
    ],
    [
      "a model without its provider",
      "name: a\ndataset: d.csv\nmodels: [gpt-5]\n",
      "unknown-provider",
      {
        "Change to openai:gpt-5": "name: a\ndataset: d.csv\nmodels: [openai:gpt-5]\n",
        "Change to ollama:gpt-5": expect.any(String),
      },
    ],
    [
      "a sandwich without its check",
      `${head}prompt:\n  segment: "{{a}}"\nlayouts: [sandwich]\n`,
      "no-quick-check",
      {
        "Add a quickCheck": `${head}prompt:\n  quickCheck: Answer with one label from the list.\n  segment: "{{a}}"\nlayouts: [sandwich]\n`,
      },
    ],
    [
      "a layout without the segment",
      `${head}layouts: [{ name: m, user: [question, output] }]`,
      "missing-part",
      { "Add the segment": `${head}layouts: [{ name: m, user: [segment, question, output] }]` },
    ],
    [
      "an empty key",
      `${head}sampling:\nlayouts: [standard]\n`,
      "empty-key",
      { "Remove it": `${head}layouts: [standard]\n` },
    ],
    ["a key that stands twice", `${head}name: b\n`, "duplicate-key", { "Remove it": head }],
  ])("mend %s", (_, text, code, expected) => {
    expect(fixed(text, code)).toEqual(expected);
  });

  it("prefer a suggestion that is the only one", () => {
    const parsed = parseExperiment(`${head}layouts: [recncy]`, "f");
    expect(parsed.diagnostics.flatMap((each) => quickFixes(parsed, each)).map((each) => each.preferred)).toEqual([
      true,
    ]);
  });

  it("leave diagnostics of other files alone", () => {
    const parsed = parseExperiment(head, "f");
    const range = { start: { line: 1, column: 1 }, end: { line: 1, column: 2 } };
    expect(
      quickFixes(parsed, {
        file: "d.csv",
        range,
        severity: "error",
        code: "unknown-key",
        message: "",
        action: "",
        suggestions: ["x"],
      }),
    ).toEqual([]);
  });
});

describe("definition", () => {
  it.each([
    ["dataset: data/▮d.csv", "data/d.csv"],
    ["dataset: { path: da▮ta/d.csv }", "data/d.csv"],
    ["prompt: { role: { file: ro▮le.md } }", "role.md"],
    ["prompt: { examples: { path: sh▮ots.csv } }", "shots.csv"],
    ["models: [replay:ou▮t.jsonl]", "out.jsonl"],
    ["scoring: [{ type: sql, database: sh▮op.sqlite }]", "shop.sqlite"],
    ["name: na▮me", undefined],
    ["models: [builtin:re▮ader]", undefined],
  ])("%s", (text, expected) => {
    const { text: plain, offset } = at(text);
    expect(definition(parseExperiment(plain, "f"), offset)?.path).toBe(expected);
  });
});

it("answers at every place of any cut of a file without throwing", () => {
  fc.assert(
    fc.property(fc.nat(contractFile.length), fc.nat(80), fc.nat(1_000_000), (from, length, where) => {
      const text = contractFile.slice(0, from) + contractFile.slice(from + length);
      const parsed = parseExperiment(text, "f");
      const offset = where % (text.length + 1);
      completions(parsed, offset, context);
      hover(parsed, offset, context);
      definition(parsed, offset);
      symbols(parsed);
      for (const each of parsed.diagnostics) quickFixes(parsed, each);
    }),
    { numRuns: 150 },
  );
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDiagnostic } from "../../../src/engine/spec/diagnostic.ts";
import { type ParseOptions, parseExperiment } from "../../../src/engine/spec/parse.ts";
import { contractFile } from "./contractFile.ts";

const minimal = "name: a\ndataset: d.csv\nmodels: [builtin:reader]\n";

function lines(text: string, options?: ParseOptions): string[] {
  return parseExperiment(text, "a.layout.yaml", options).diagnostics.map(
    (each) => `${each.severity[0]} ${formatDiagnostic(each)}`,
  );
}

/** Diagnostics of the minimal file with more lines, its own three lines not counted in the numbers. */
function more(text: string, options?: ParseOptions): string[] {
  return lines(minimal + text, options).map((line) =>
    line.replace(/yaml:(\d+)/, (_, n: string) => `yaml:+${Number(n) - 3}`),
  );
}

describe("a whole experiment file", () => {
  const parsed = parseExperiment(contractFile, "a.layout.yaml");

  it("has nothing to complain about but hints", () => {
    expect(parsed.diagnostics.map(formatDiagnostic)).toEqual([]);
  });

  it("gives every key to the experiment, units and defaults worked out", () => {
    return expect(`${JSON.stringify(parsed.experiment, null, 2)}\n`).toMatchFileSnapshot("golden/contract.golden.json");
  });

  it("names the environment variables it wants and keeps them unresolved", () => {
    expect(parsed.env).toEqual(["CACHE_URL", "SLACK_WEBHOOK_URL", "DISCORD"]);
    expect(parsed.experiment?.cache.shared).toBe("\x24{env:CACHE_URL}");
  });

  it("says where values and keys stand", () => {
    expect(parsed.locate(["name"])).toEqual({ start: { line: 2, column: 7 }, end: { line: 2, column: 14 } });
    expect(parsed.locate(["name"], "key")).toEqual({ start: { line: 2, column: 1 }, end: { line: 2, column: 5 } });
    expect(parsed.locate(["limits", "pools", 0, "kind"])?.start).toEqual({ line: 25, column: 110 });
    expect(parsed.locate(["limits", "nothing"])).toBeUndefined();
  });

  it("reads the same from JSON, tabs and all", () => {
    const json = JSON.stringify(parsed.source.value, null, "\t");
    const again = parseExperiment(json, "a.layout.json");
    expect(again.diagnostics).toEqual([]);
    // JSON has no other way to write the number 1.0 than 1.
    expect(again.experiment?.prompt.output.labels).toEqual(["yes", "no", "1"]);
    expect({ ...again.experiment, prompt: undefined }).toEqual({ ...parsed.experiment, prompt: undefined });
  });
});

describe("a file with the three needed keys", () => {
  const { experiment, segmentWritten, diagnostics } = parseExperiment(minimal, "a.layout.yaml");

  it("is valid and compares the usual five layouts", () => {
    expect(diagnostics).toEqual([]);
    expect(experiment?.layouts.map((each) => each.name)).toEqual([
      "standard",
      "recency",
      "sandwich",
      "minimal-system",
      "question-first",
    ]);
  });

  it("has the documented defaults", () => {
    expect(segmentWritten).toBe(false);
    expect(experiment?.sampling).toEqual({
      mode: "adaptive",
      initial: 50,
      max: undefined,
      confidence: 0.95,
      equivalence: 0.02,
      seed: 1,
      repeats: 1,
      scope: "dataset",
      strict: false,
      objective: "best",
      baseline: undefined,
      stopWhenEquivalent: false,
      budget: undefined,
    });
    expect(experiment?.stopping).toEqual({ rule: "sequential", patience: 3, threshold: 0.1 });
    expect(experiment?.scoring).toEqual([{ type: "label", options: {} }]);
    expect(experiment?.prompt.output).toEqual({
      type: "label",
      labels: "auto",
      schema: undefined,
      confidence: false,
      maxCandidates: 5,
      text: undefined,
    });
    expect(experiment?.context).toEqual({
      maxTokens: undefined,
      trim: "hybrid",
      conversation: "stateless",
      trimEvery: 50,
      vramWarning: 14 * 1024 ** 3,
    });
    expect(experiment?.cache).toEqual({ mode: "on", shared: undefined });
    expect(experiment?.dataset.format).toBe("csv");
  });
});

describe("syntax", () => {
  it.each([
    ["", ["e a.layout.yaml:1:1: the file is empty: write name, dataset and models, each on its own line"]],
    [
      "- a\n- b",
      [
        "e a.layout.yaml:1:1: the file is not a map of keys and values: write name, dataset and models, each on its own line",
      ],
    ],
    ["\tname: x", ["e a.layout.yaml:1:1: a tab is used as indentation: indent with spaces"]],
    [
      "name: a: b",
      [
        "e a.layout.yaml:1:7: a colon makes this a map where a value is expected: put the text in quotes, or break the line after the first key",
      ],
    ],
    [
      'name: "a\n',
      ["e a.layout.yaml:2:1: a quoted text is not closed: add what is missing; text with : # { or [ goes in quotes"],
    ],
    [
      "name: *x\ndataset: d.csv\nmodels: [builtin:reader]",
      ["e a.layout.yaml:1:7: an alias (*name) refers to no anchor: put text that begins with * in quotes"],
    ],
    [
      "name: a\nname: b\ndataset: d.csv\nmodels: [builtin:reader]",
      ["e a.layout.yaml:2:1: the key name stands twice in the same map: remove one of the two"],
    ],
  ])("%j", (text, expected) => {
    expect(lines(text)).toEqual(expected);
  });

  it("says what unquoted braces need", () => {
    expect(more("prompt:\n  segment: {{text}}\n")).toEqual([
      `e a.layout.yaml:+2:12: a value that begins with {{ is read as a map: put it in quotes, as in "{{text}}"`,
    ]);
    expect(more("prompt:\n  segment: {{text}} and more\n")).toEqual([
      `e a.layout.yaml:+2:12: a value that begins with {{ is read as a map: put it in quotes, as in "{{text}}"`,
    ]);
  });

  it("keeps quiet about what it guesses below a syntax error, and reports what stands above", () => {
    expect(lines("nme: x\nlayouts: [recency, sandwch\nmodels: 3\n")).toEqual([
      "e a.layout.yaml:1:1: unknown key nme: did you mean name?",
      "e a.layout.yaml:2:20: unknown layout sandwch: did you mean sandwich?",
      expect.stringContaining("e a.layout.yaml:3:1: the indentation does not fit"),
    ]);
  });

  it("survives aliases that multiply, loops and deep nesting", () => {
    const bomb = [
      "a: &a [x,x,x,x,x,x,x,x,x]",
      ...[..."bcdefgh"].map((c, i) => `${c}: &${c} [${`*${"abcdefgh"[i]},`.repeat(9).slice(0, -1)}]`),
    ].join("\n");
    expect(lines(bomb)).toContain("e a.layout.yaml:1:1: aliases multiply the file beyond reason: write the values out");
    expect(() => parseExperiment("a: &a [*a]", "x")).not.toThrow();
    expect(() => parseExperiment("[".repeat(20_000), "x")).not.toThrow();
  });

  it("takes anchors and merges", () => {
    const { experiment, diagnostics } = parseExperiment(
      `${minimal}limits:\n  pools:\n    - &p { requestsPerMinute: 5, models: ["*"] }\n    - { <<: *p, concurrency: 2 }\n`,
      "a",
    );
    expect(diagnostics).toEqual([]);
    expect(experiment?.limits.pools[1]).toMatchObject({ requestsPerMinute: 5, concurrency: 2 });
  });
});

describe("keys", () => {
  it.each([
    ["smapling: {}", ["e a.layout.yaml:+1:1: unknown key smapling: did you mean sampling?"]],
    ["timeout: 3s", ["e a.layout.yaml:+1:1: unknown key timeout: put it under limits"]],
    [
      "providers: []",
      ["e a.layout.yaml:+1:1: unknown key providers: use prompt, chain"].map(() =>
        expect.stringMatching(/\+1:1: unknown key providers: /),
      ),
    ],
    ["limits: { maxCals: 3 }", ["e a.layout.yaml:+1:11: unknown key maxCals in limits: did you mean maxCalls?"]],
    [
      "limits:\n  pools:\n    - { model: a, concurrency: 1 }",
      ["e a.layout.yaml:+3:9: unknown key model in limits.pools[1]: did you mean models?"],
    ],
    ["sampling:\n", ["w a.layout.yaml:+1:1: sampling has no value: write one, or remove the key"]],
    [
      "prompt:\n  role:\n  segment: '{{text}}'",
      ["w a.layout.yaml:+2:3: prompt.role has no value: write one, or remove the key"],
    ],
  ])("%j", (text, expected) => {
    expect(more(text)).toEqual(expected);
  });

  it("misses what must be there, at the start of the file", () => {
    expect(lines("layouts: [standard]")).toEqual([
      "e a.layout.yaml:1:1: name is missing: add name: intents",
      "e a.layout.yaml:1:1: dataset is missing: add dataset: data/intents.csv",
      "e a.layout.yaml:1:1: models is missing: add models: [builtin:reader]",
    ]);
    expect(lines("name:\ndataset: d.csv\nmodels: [builtin:reader]")).toEqual([
      "e a.layout.yaml:1:1: name has no value: write one, such as intents",
    ]);
  });
});

describe("values", () => {
  it.each([
    [
      "layouts: standard",
      ['e a.layout.yaml:+1:10: layouts is the text "standard": write a list: [standard, recency, sandwich]'],
    ],
    ["sampling: { mode: adptive }", ['e a.layout.yaml:+1:19: sampling.mode is "adptive": did you mean adaptive?']],
    [
      "sampling: { confidence: 95 }",
      ["e a.layout.yaml:+1:25: sampling.confidence is 95: write a share above 0.5 and below 1, such as 0.95"],
    ],
    ["sampling: { max: many }", ['e a.layout.yaml:+1:18: sampling.max is the text "many": write a whole number']],
    [
      "sampling: { initial: 100, max: 60 }",
      ["e a.layout.yaml:+1:32: max (60) is below initial (100): raise max, or lower initial"],
    ],
    [
      "limits: { timeout: 60 }",
      ["e a.layout.yaml:+1:20: limits.timeout is 60: write a number and a unit: 500ms, 60s, 10m or 2h"],
    ],
    [
      "limits: { timeout: soon }",
      ['e a.layout.yaml:+1:20: limits.timeout is "soon": write a number and a unit: 500ms, 60s, 10m or 2h'],
    ],
    [
      "context: { vramWarning: 14 }",
      ["e a.layout.yaml:+1:25: context.vramWarning is 14: write a number and a unit, such as 14GB"],
    ],
    [
      "assert: { accuracy: 80% }",
      ['e a.layout.yaml:+1:21: assert.accuracy is "80%": write a comparison such as ">= 0.8"'],
    ],
    ["prompt: { role: [a] }", ['e a.layout.yaml:+1:17: prompt.role is a list: write text, or { file: "part.md" }']],
    [
      "prompt: { role: { fil: a } }",
      [
        "e a.layout.yaml:+1:11: prompt.role.file is missing: add file: prompts/instructions.md",
        "e a.layout.yaml:+1:19: unknown key fil in prompt.role: did you mean file?",
      ],
    ],
    [
      "prompt: { segment: '{{text}}', output: { type: lable } }",
      ['e a.layout.yaml:+1:48: prompt.output.type is "lable": did you mean label?'],
    ],
    ["scoring: [labl]", ["e a.layout.yaml:+1:11: unknown scorer labl: did you mean label?"]],
  ])("%j", (text, expected) => {
    expect(more(text)).toEqual(expected);
  });

  it("suggests what a bare number may have meant", () => {
    const { diagnostics } = parseExperiment(`${minimal}limits: { timeout: 60 }\nsampling: { equivalence: 2 }`, "a");
    expect(diagnostics.map((each) => each.suggestions)).toEqual([["60s", "60m", "60ms", "60h"], ["0.02"]]);
  });
});

describe("models", () => {
  it.each([
    [
      "gpt-5",
      "the model gpt-5 has no provider: write provider:model, such as openai:gpt-5; providers are builtin, openai, ollama, vscode, replay",
    ],
    ["opnai:gpt-5", "unknown provider opnai: did you mean openai:gpt-5?"],
    [
      "meta-llama/llama-3",
      "unknown provider meta-llama: write provider:model, such as openai:meta-llama/llama-3; providers are builtin, openai, ollama, vscode, replay",
    ],
    ["openai", "openai names no model: write openai:MODEL"],
    ["'openai: gpt-5'", 'the model id "openai: gpt-5" holds a blank: write provider:model without blanks'],
    ["'ollama:'", 'the model id "ollama:" names no model: write provider:model without blanks'],
  ])("%s", (id, expected) => {
    expect(lines(`name: a\ndataset: d.csv\nmodels:\n  - ${id}\n`)).toEqual([`e a.layout.yaml:4:5: ${expected}`]);
  });

  it("reports one listed twice, however it is written", () => {
    expect(lines("name: a\ndataset: d.csv\nmodels: [openai:x, openai/x]\n")).toEqual([
      "e a.layout.yaml:3:20: the model openai:x is listed twice: remove one; sampling.repeats asks again",
    ]);
  });

  it("takes providers the caller knows", () => {
    expect(lines("name: a\ndataset: d.csv\nmodels: [scripted:x]\n", { providers: ["scripted"] })).toEqual([]);
  });
});

describe("layouts", () => {
  it.each([
    ["[recncy]", ["e a.layout.yaml:+1:11: unknown layout recncy: did you mean recency?"]],
    [
      "[standard, standard]",
      ["e a.layout.yaml:+1:21: the layout standard stands twice: remove one, or give it another name"],
    ],
    ["[{ hybrid: [sandwich] }]", ["e a.layout.yaml:+1:21: layouts[1].hybrid is a list: name at least two layouts"]],
    ["[{ hybrid: [sandwich, recncy] }]", ["e a.layout.yaml:+1:32: unknown layout recncy: did you mean recency?"]],
    [
      "[{ dynamic: [{ when: { words: '> 9' }, use: sandwch }, { use: standard }] }]",
      ["e a.layout.yaml:+1:54: unknown layout sandwch: did you mean sandwich?"],
    ],
    [
      "[{ dynamic: [{ when: { words: '> 9' }, use: sandwich }, { when: { code: true }, use: standard }] }]",
      [
        "e a.layout.yaml:+1:74: texts that fit no rule of dynamic have no layout: end with a rule without when, such as { use: standard }",
      ],
    ],
    [
      "[{ dynamic: [{ use: sandwich }, { use: standard }] }]",
      [
        "e a.layout.yaml:+1:23: this rule of dynamic fits every text, so those below it are never reached: give it a when, or put it last",
      ],
    ],
    [
      "[{ name: a, dynamic: [{ when: { words: 3 }, use: b }, { use: standard }] }, { name: b, dynamic: [{ when: { words: 3 }, use: recency }, { use: standard }] }]",
      ["e a.layout.yaml:+1:59: b is chosen by rules itself: use a layout that is the same for every text"],
    ],
    [
      "[{ dynamic: [{ when: { words: many }, use: recency }, { use: standard }] }]",
      [
        'e a.layout.yaml:+1:40: layouts[1].dynamic[1].when.words is "many": write a comparison such as ">= 80", or a number',
      ],
    ],
    [
      "[{ name: standard, user: [segment, output] }]",
      ["e a.layout.yaml:+1:19: standard is the name of a built-in layout: give yours another name"],
    ],
    [
      "[{ name: m, user: [segmnt, output] }]",
      [
        "e a.layout.yaml:+1:11: the layout m does not place the segment: add segment to its user message; without it every example gets the same prompt",
        "e a.layout.yaml:+1:29: unknown part segmnt: did you mean segment?",
      ],
    ],
    [
      "[{ name: m, system: [segment, output] }]",
      ["e a.layout.yaml:+1:11: the layout m has no user message: put at least the segment into user"],
    ],
    [
      "[{ name: m, user: [segment, segment, output] }]",
      [
        "w a.layout.yaml:+1:38: the layout m places segment twice: remove one, unless the repetition is what you want to test",
      ],
    ],
    [
      "[{ name: m, user: [segment, question, output] }]",
      [
        "i a.layout.yaml:+1:38: the layout m places question, which the prompt does not have: add prompt.question, or leave it out here",
      ],
    ],
    [
      "[{ name: m, user: [segment] }]",
      [
        "w a.layout.yaml:+1:11: the layout m leaves out output: add it to system or user, unless you mean to test without it",
      ],
    ],
    [
      "[{ name: m, user: [segment, output], stile: xml }]",
      ["e a.layout.yaml:+1:47: unknown key stile in layouts[1]: did you mean style?"],
    ],
    [
      "[{ nam: m, user: [segment, output] }]",
      expect.arrayContaining(["e a.layout.yaml:+1:13: unknown key nam in layouts[1]: did you mean name?"]),
    ],
  ])("%s", (list, expected) => {
    expect(more(`layouts: ${list.replace(/^\[/, "[ ").replace("[ ", "[")}`)).toEqual(expected);
  });

  it("hints that a sandwich needs a quick check", () => {
    expect(more("layouts: [sandwich]")).toEqual([
      "i a.layout.yaml:+1:11: the sandwich layout has no quickCheck: add prompt.quickCheck; until then it asks the question again",
    ]);
  });

  it("takes a workspace's layout by name and puts its declaration in", () => {
    const mine = {
      kind: "declared",
      name: "ours",
      system: [],
      user: ["segment", "output"],
      style: undefined,
      examplesAs: "text",
      repeat: 1,
    } as const;
    const { experiment, diagnostics } = parseExperiment(`${minimal}layouts: [ours, { hybrid: [ours, recency] }]`, "a", {
      workspaceLayouts: [mine],
    });
    expect(diagnostics).toEqual([]);
    expect(experiment?.layouts).toEqual([mine, { kind: "hybrid", name: "ours+recency", of: ["ours", "recency"] }]);
  });

  it("lets the caller judge hybrids", () => {
    const checkLayout = () => ({ code: "layout-conflict", message: "both move the segment", action: "leave one out" });
    expect(more("layouts: [{ hybrid: [recency, question-first] }]", { checkLayout })).toEqual([
      "e a.layout.yaml:+1:21: both move the segment: leave one out",
    ]);
  });

  it("keeps places true behind an entry that is left out", () => {
    expect(more("layouts: [{ bad: 1 }, standard, recncy]").at(-1)).toBe(
      "e a.layout.yaml:+1:33: unknown layout recncy: did you mean recency?",
    );
  });
});

describe("the prompt", () => {
  it("fills mapped parts, and mapped names inside texts, with their columns", () => {
    const { experiment, diagnostics } = parseExperiment(
      "name: a\ndataset: { path: d.csv, input: { segment: body, context: passage } }\nmodels: [builtin:reader]\nprompt:\n  segment: 'Text: {{ segment }} / {{title}}'\n",
      "a",
    );
    expect(diagnostics).toEqual([]);
    expect(experiment?.prompt.segment.text).toBe("Text: {{body}} / {{title}}");
    expect(experiment?.prompt.context?.text).toBe("{{passage}}");
  });

  it.each([
    [
      "prompt: { segment: hello }",
      [
        'e a.layout.yaml:+1:20: no part uses a column, so every example gets the same prompt: write the column to judge, such as segment: "{{text}}"',
      ],
    ],
    [
      "prompt: { segment: hello, context: '{{c}}' }",
      [
        'w a.layout.yaml:+1:20: the segment is the same for every example: write the column to judge, such as segment: "{{text}}"',
      ],
    ],
    [
      "prompt: { segment: '{{a}} {{}}' }",
      ["e a.layout.yaml:+1:27: a placeholder names no column: write {{column}}, or \\{{ for braces that stay"],
    ],
    [
      "prompt: { segment: '{{a}} {{b' }",
      ["e a.layout.yaml:+1:27: a placeholder is not closed: write {{column}}, or \\{{ for braces that stay"],
    ],
    [
      "prompt: { segment: '{{a}}', role: ' ' }",
      ["w a.layout.yaml:+1:35: role is empty: write its text, or remove the key"],
    ],
    [
      "prompt: { segment: '{{a}}', output: { type: text, labels: [a] } }",
      ["w a.layout.yaml:+1:51: labels have no effect with type: text: use type: label, or remove them"],
    ],
    [
      "prompt: { segment: '{{a}}', output: { labels: [a, b, a] } }",
      ["e a.layout.yaml:+1:54: the label a stands twice: remove one"],
    ],
    [
      "prompt: { segment: '{{a}}', examples: { path: shots.txt } }",
      [
        "e a.layout.yaml:+1:47: the ending of shots.txt does not tell its format: add format: csv, tsv, jsonl or json; text that is written out goes under file",
      ],
    ],
    [
      "prompt: { segment: '{{a}}', examples: { pairs: [{ input: a, output: b }], count: 2 } }",
      ["e a.layout.yaml:+1:82: count is 2, and there are 1 pairs: lower it, or write more pairs"],
    ],
    [
      "prompt: { segment: '{{a}}' }\nparameters: { examples.count: [0, 5] }",
      [
        "e a.layout.yaml:+2:15: examples.count varies demonstrations, and the prompt has none: add prompt.examples, or remove this",
      ],
    ],
    ["dataset2: x", [expect.stringContaining("unknown key dataset2")]],
  ])("%j", (text, expected) => {
    expect(more(text)).toEqual(expected);
  });

  it("finds placeholders in block texts at their own line", () => {
    expect(more("prompt:\n  segment: |\n    {{a}} and\n    then {{}}\n")).toEqual([
      "e a.layout.yaml:+4:10: a placeholder names no column: write {{column}}, or \\{{ for braces that stay",
    ]);
  });
});

describe("sections that must agree", () => {
  it.each([
    [
      "stopping: { rule: patience }",
      ["w a.layout.yaml:+1:19: patience bounds no error rate, so the verdict is without its guarantee: use sequential"],
    ],
    [
      "stopping: { rule: none }",
      [
        "w a.layout.yaml:+1:19: without a stopping rule the adaptive mode asks every trial: use sequential, or sampling.mode full",
      ],
    ],
    [
      "stopping: { rule: sequential }\nsampling: { mode: full }",
      [
        "w a.layout.yaml:+1:19: sampling.mode full asks every planned trial, so nothing is stopped early: use sampling.mode adaptive, or stopping.rule none",
      ],
    ],
    [
      "stopping: { patience: 5 }",
      [
        "i a.layout.yaml:+1:13: patience and threshold count for the rule patience only: set rule: patience, or remove them",
      ],
    ],
    [
      "sampling: { mode: bayes }",
      [
        "w a.layout.yaml:+1:19: bayes searches parameters, and there is nothing to search: list several values under parameters, or use adaptive",
      ],
    ],
    [
      "sampling: { repeats: 3 }",
      [
        "i a.layout.yaml:+1:22: repeats ask the same prompt again, and the temperature is not raised: set parameters.temperature above 0, or repeats: 1",
      ],
    ],
    [
      "assert: { minGain: 0 }",
      ["w a.layout.yaml:+1:11: minGain compares with nothing: set against: baseline, or a run's id"],
    ],
    [
      "limits: { pools: [{ models: ['openai:*'], concurrency: 2 }] }",
      [
        "w a.layout.yaml:+1:30: openai:* fits none of the models: write model ids, with * for anything, such as openai:*",
      ],
    ],
    [
      "limits: { pools: [{ models: ['*'] }] }",
      ["w a.layout.yaml:+1:19: the pool limits nothing: set requestsPerMinute, tokensPerMinute or concurrency"],
    ],
    [
      "ensemble: [{ layouts: [standard, repetition] }]",
      [
        expect.stringMatching(
          /^e a\.layout\.yaml:\+1:34: the ensemble combines repetition, which is not among the layouts: add repetition to layouts, or use standard, /,
        ),
      ],
    ],
    [
      "parameters: { temprature: 0 }",
      ["e a.layout.yaml:+1:15: unknown parameter temprature: did you mean temperature?"],
    ],
    [
      "parameters: { logit_bias: 0 }",
      [
        "w a.layout.yaml:+1:15: unknown parameter logit_bias: it is sent to the provider as it is; remove it if the provider does not know it",
      ],
    ],
    ["parameters: { temperature: [0, 3] }", ["e a.layout.yaml:+1:32: temperature is 3: write a number from 0 to 2"]],
    [
      "parameters: { temperature: [0, 0] }",
      ["w a.layout.yaml:+1:32: temperature lists 0 twice: remove one; both would be the same variant"],
    ],
    [
      "parameters: { temperature: [] }",
      ["e a.layout.yaml:+1:28: parameters.temperature is an empty list: list at least one value"],
    ],
    [
      "track: { slack: '\x24{env:MY HOOK}' }",
      [
        "e a.layout.yaml:+1:17: an environment variable is not named properly: write \x24{env:NAME} with letters, digits and _",
      ],
    ],
    [
      "prompt: { segment: '{{a}}', role: '\x24{env:ME}' }",
      [
        "w a.layout.yaml:+1:35: environment variables are not read in prompt.role, so the text stays as it is: use them under track, scoring and cache.shared; keys of providers need no entry",
      ],
    ],
  ])("%j", (text, expected) => {
    expect(more(text)).toEqual(expected);
  });
});

describe("any text at all", () => {
  const check = (text: string) => {
    const parsed = parseExperiment(text, "f");
    const total = text.split("\n").length;
    for (const { range, message, action } of parsed.diagnostics) {
      expect(message).not.toBe("");
      expect(action).not.toBe("");
      expect(range.start.line).toBeGreaterThanOrEqual(1);
      expect(range.end.line).toBeLessThanOrEqual(total);
      expect(range.end.line * 1e6 + range.end.column).toBeGreaterThanOrEqual(
        range.start.line * 1e6 + range.start.column,
      );
    }
    if (parsed.experiment === undefined)
      expect(parsed.diagnostics.some((each) => each.severity === "error")).toBe(true);
  };

  it("is read without throwing", () => {
    fc.assert(fc.property(fc.string({ maxLength: 200, unit: "binary" }), check));
    fc.assert(
      fc.property(
        fc
          .array(
            fc.constantFrom(
              "name",
              ":",
              " ",
              "\n",
              "- ",
              "{",
              "}",
              "[",
              "]",
              "&a",
              "*a",
              "|",
              ">",
              "'",
              '"',
              "#",
              "---",
              "\t",
              "models",
              "prompt",
              "  ",
              "<<",
              "!!x",
              "null",
              "1",
              "{{t}}",
            ),
            { maxLength: 40 },
          )
          .map((each) => each.join("")),
        check,
      ),
    );
  });

  it("is read without throwing when a whole file is cut or patched", () => {
    fc.assert(
      fc.property(fc.nat(contractFile.length), fc.nat(60), fc.string({ maxLength: 8 }), (at, length, patch) =>
        check(contractFile.slice(0, at) + patch + contractFile.slice(at + length)),
      ),
      { numRuns: 300 },
    );
  });

  it("is read without throwing whatever the values are", () => {
    const keys = [
      "name",
      "dataset",
      "models",
      "prompt",
      "chain",
      "layouts",
      "parameters",
      "sampling",
      "stopping",
      "scoring",
      "ensemble",
      "limits",
      "context",
      "cache",
      "packing",
      "assert",
      "track",
    ];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys), fc.jsonValue({ maxDepth: 4 })), (value) =>
        check(JSON.stringify(value)),
      ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.jsonValue({ maxDepth: 3 }), (key, value) =>
        check(`${minimal.replace(new RegExp(`^${key}:.*\n`, "m"), "")}${key}: ${JSON.stringify(value)}\n`),
      ),
    );
  });
});

it("parses a normal file in under 5 ms once warm", () => {
  for (let i = 0; i < 30; i++) parseExperiment(contractFile, "f");
  const times = Array.from({ length: 50 }, () => {
    const start = performance.now();
    parseExperiment(contractFile, "f");
    return performance.now() - start;
  });
  // The least is what the work takes; the rest is what else the machine had to do.
  expect(Math.min(...times)).toBeLessThan(5);
});

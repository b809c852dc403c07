import { describe, expect, it } from "vitest";
import { MemoryFiles } from "../../../src/base/files.ts";
import { contentHash } from "../../../src/base/hash.ts";
import { formatDiagnostic } from "../../../src/engine/spec/diagnostic.ts";
import { type LoadedExperiment, type LoadOptions, loadExperiment } from "../../../src/engine/spec/load.ts";
import { createLoadCache } from "../../../src/engine/spec/loadFiles.ts";

const data =
  "id,text,label,split\n1,Where is my card?,card,test\n2,I want my money,refund,test\n3,No card yet,card,dev\n";

const good = `name: a
dataset: data/d.csv
models: [builtin:reader]
prompt:
  segment: "{{text}}"
`;

type Contents = Readonly<Record<string, string | Uint8Array>>;

async function load(
  text: string,
  files: Contents = { "data/d.csv": data },
  options?: LoadOptions,
): Promise<LoadedExperiment> {
  return loadExperiment(text, "a.layout.yaml", new MemoryFiles(files), options);
}

async function lines(text: string, files?: Contents): Promise<string[]> {
  return (await load(text, files)).diagnostics.map((each) => `${each.severity[0]} ${formatDiagnostic(each)}`);
}

describe("a sound experiment", () => {
  it("comes with everything a run needs", async () => {
    const loaded = await load(
      `${good}  instructions: { file: prompts/i.md }\n  question: Which?\n  examples: { path: data/shots.csv, count: 2 }\n  output: { text: One label. }\nchain: [{ id: h, question: "Is {{text}} it?", role: { file: prompts/i.md } }]\ntrack: { slack: env:HOOK }\n`,
      {
        "data/d.csv": data,
        "data/shots.csv": "text,label\nA card!,card\nMoney!,refund\n",
        "prompts/i.md": "\ufeffSay what it is.\r\n\r\n",
      },
    );
    expect(loaded.diagnostics.map(formatDiagnostic)).toEqual([]);
    if (loaded.kind !== "ready") throw new Error(loaded.kind);
    expect(loaded.experiment.dataset).toMatchObject({ expected: "label", id: "id" });
    expect(loaded.experiment.prompt.instructions).toEqual({ text: "Say what it is.", file: "prompts/i.md" });
    expect(loaded.experiment.chain[0]?.overrides.role?.text).toBe("Say what it is.");
    expect(loaded.dataset.examples.map(({ id, expected, row, line }) => [id, expected, row, line])).toEqual([
      ["1", "card", 1, 2],
      ["2", "refund", 2, 3],
      ["3", "card", 3, 4],
    ]);
    expect(loaded.dataset.labels).toEqual(["card", "refund"]);
    expect(loaded.demonstrations).toEqual([
      { input: "A card!", output: "card" },
      { input: "Money!", output: "refund" },
    ]);
    expect(loaded.env).toEqual(["HOOK"]);
    expect(loaded.parts.map(({ part, hop, text }) => [part, hop, text])).toEqual([
      ["instructions", undefined, "Say what it is."],
      ["segment", undefined, "{{text}}"],
      ["question", undefined, "Which?"],
      ["output", undefined, "One label."],
      ["question", "h", "Is {{text}} it?"],
      ["role", "h", "Say what it is."],
    ]);
    for (const { text, hash } of loaded.parts) expect(hash).toBe(contentHash(text));
  });

  it("finds the column of the text by itself when the file says nothing", async () => {
    const loaded = await load("name: a\ndataset: d.csv\nmodels: [builtin:reader]\n", {
      "d.csv": "message,intent\nhi,a\nho,b\n",
    });
    expect(loaded.diagnostics.map(formatDiagnostic)).toEqual([]);
    expect(loaded.experiment?.prompt.segment.text).toBe("{{message}}");
    expect(loaded.experiment?.dataset.expected).toBe("intent");
  });

  it("fills mapped names in files of parts too", async () => {
    const loaded = await load(
      "name: a\ndataset: { path: d.csv, input: { segment: body } }\nmodels: [builtin:reader]\nprompt: { segment: { file: s.md } }\n",
      { "d.csv": "body,label\nhi,a\nho,b\n", "s.md": "Text: {{segment}}" },
    );
    expect(loaded.experiment?.prompt.segment.text).toBe("Text: {{body}}");
    expect(loaded.kind).toBe("ready");
  });

  it("is not read again while a cached file stays the same", async () => {
    const cache = createLoadCache();
    const files = new MemoryFiles({ "data/d.csv": data });
    let reads = 0;
    const counting = {
      siblings: (path: string) => files.siblings(path),
      async open(path: string) {
        const opened = await files.open(path);
        if (opened.kind !== "file") return opened;
        const read = () => {
          reads++;
          return opened.read();
        };
        return { ...opened, read };
      },
    };
    for (let i = 0; i < 3; i++) expect((await loadExperiment(good, "a", counting, { cache })).kind).toBe("ready");
    expect(reads).toBe(1);
  });
});

describe("files", () => {
  it.each([
    [
      "missing, with a neighbour",
      good.replace("d.csv", "e.csv"),
      ["e a.layout.yaml:2:10: data/e.csv does not exist: did you mean data/d.csv?"],
    ],
    [
      "missing",
      good.replace("data/d.csv", "nowhere/rows.csv"),
      [
        "e a.layout.yaml:2:10: nowhere/rows.csv does not exist: correct the path, which starts at this file's folder, or create the file",
      ],
    ],
    [
      "a folder",
      good.replace("data/d.csv", "{ path: data, format: csv }"),
      ["e a.layout.yaml:2:18: data is a folder: name a file in it"],
    ],
    [
      "outside",
      good.replace("data/d.csv", "../d.csv"),
      [
        "e a.layout.yaml:2:10: ../d.csv lies outside the folders this experiment may read: move the file beside the experiment, or open its folder in the workspace",
      ],
    ],
    [
      "absolute",
      good.replace("data/d.csv", "/etc/hosts.csv"),
      [
        "e a.layout.yaml:2:10: /etc/hosts.csv lies outside the folders this experiment may read: move the file beside the experiment, or open its folder in the workspace",
      ],
    ],
    [
      "a missing part",
      `${good}  role: { file: role.md }\n`,
      [
        "e a.layout.yaml:6:17: role.md does not exist: correct the path, which starts at this file's folder, or create the file",
      ],
    ],
    [
      "missing answers",
      good.replace("builtin:reader", "builtin:reader, replay:out.jsonl"),
      [
        "e a.layout.yaml:3:26: out.jsonl does not exist: correct the path, which starts at this file's folder, or create the file",
      ],
    ],
    [
      "a missing database",
      `${good}scoring: [{ type: sql, database: shop.sqlite }]\n`,
      [
        "e a.layout.yaml:6:34: shop.sqlite does not exist: correct the path, which starts at this file's folder, or create the file",
      ],
    ],
    [
      "an ending that tells nothing",
      good.replace("d.csv", "d.dat"),
      expect.arrayContaining([
        "e a.layout.yaml:2:10: the ending of data/d.dat does not tell its format: say which: dataset: { path: …, format: csv }, or tsv, jsonl, json",
      ]),
    ],
  ])("%s", async (_, text, expected) => {
    expect(await lines(text)).toEqual(expected);
  });

  it("says where another file is broken", async () => {
    expect(await lines(good, { "data/d.csv": 'text,label\na,"b\n' })).toEqual([
      'e data/d.csv:2:1: a quoted field is never closed: close it with ", and double quotes that belong to the text',
    ]);
    expect(await lines(good, { "data/d.csv": new Uint8Array([0xff, 0xfe, 0x61, 0]) })).toEqual([
      "e data/d.csv:1:1: the file is in UTF-16: save it as UTF-8 (in a spreadsheet: CSV UTF-8)",
    ]);
    expect(
      await lines(`${good}  role: { file: r.md }\n`, { "data/d.csv": data, "r.md": "You\nsee {{txt}} and {{" }),
    ).toEqual([
      "e r.md:2:7: the dataset has no column txt: did you mean text?",
      "e r.md:2:17: a placeholder is not closed: write {{column}}, or \\{{ for braces that stay",
    ]);
  });

  it.each([
    ["examples/a.layout.yaml", "./data/d.csv", "examples/data/d.csv"],
    ["/home/me/exp/a.layout.yaml", "data/d.csv", "/home/me/exp/data/d.csv"],
    ["work/v1.2/a.layout.yaml", "../data/d.csv", "work/data/d.csv"],
    ["a.layout.yaml", "data/d.csv", "data/d.csv"],
  ])("of %s are named as that is: %s", async (file, path, expected) => {
    const files = new MemoryFiles({ "data/d.csv": "text,label\na,x,1\nb,y\n" });
    const anywhere = { siblings: async () => [], open: () => files.open("data/d.csv") };
    const { diagnostics } = await loadExperiment(good.replace("data/d.csv", path), file, anywhere);
    expect(diagnostics.map((each) => `${each.file}:${each.range.start.line}`)).toEqual([`${expected}:2`]);
  });

  it("tells the first five broken rows by line and sums up the rest", async () => {
    const rows = Array.from({ length: 8 }, (_, i) => `t${i}`).join("\n");
    const found = await lines(good, { "data/d.csv": `text,label\n${rows}\n` });
    expect(found.filter((each) => each.startsWith("e data/d.csv"))).toEqual([
      ...[1, 2, 3, 4, 5].map(
        (n) =>
          `e data/d.csv:${n + 1}:1: row ${n} has 1 field, the header 2: add the missing fields, if only as empty ones`,
      ),
      "e data/d.csv:7:1: 3 more rows have such trouble: mend them as the first ones",
    ]);
  });
});

describe("columns", () => {
  it.each([
    [
      "in a placeholder",
      `${good}  context: "{{ txt }} {{text}} {{txt}}"\n`,
      [
        "e a.layout.yaml:6:16: the dataset has no column txt: did you mean text?",
        "e a.layout.yaml:6:34: the dataset has no column txt: did you mean text?",
      ],
    ],
    [
      "in expected",
      good.replace("data/d.csv", "{ path: data/d.csv, expected: lable }"),
      ["e a.layout.yaml:2:40: the dataset has no column lable: did you mean label?"],
    ],
    [
      "in id",
      good.replace("data/d.csv", "{ path: data/d.csv, id: number }"),
      ["e a.layout.yaml:2:34: the dataset has no column number: columns are id, text, label, split"],
    ],
    [
      "in input",
      good.replace("data/d.csv", "{ path: data/d.csv, input: { context: passage } }"),
      ["e a.layout.yaml:2:48: the dataset has no column passage: columns are id, text, label, split"],
    ],
    [
      "in filter",
      good.replace("data/d.csv", "{ path: data/d.csv, filter: { splt: test } }"),
      ["e a.layout.yaml:2:40: the dataset has no column splt: did you mean split?"],
    ],
    [
      "with no right answer",
      good,
      [
        "e a.layout.yaml:2:1: no column is known to hold the right answers: write dataset: { path: …, expected: COLUMN }; columns are kind",
      ],
      { "data/d.csv": "text,kind\na,b\nc,d\n" },
    ],
    [
      "with two that may hold it",
      good,
      [
        "i a.layout.yaml:2:1: label is taken for the right answer, though category might be meant: write dataset.expected: label to say so",
      ],
      { "data/d.csv": "text,label,category\na,b,c\nd,e,f\n" },
    ],
    [
      "that show the answer",
      `${good}  context: "{{label}}"\n`.replace("data/d.csv", "{ path: data/d.csv, expected: label }"),
      [
        "w a.layout.yaml:4:1: the prompt shows the column label, which holds the right answer: remove its placeholder, or name another column in dataset.expected",
      ],
    ],
    [
      "that leave the text open",
      "name: a\ndataset: data/d.csv\nmodels: [builtin:reader]\n",
      [
        'e a.layout.yaml:1:1: the file does not say which column holds the text to judge: write prompt: { segment: "{{column}}" }; columns are a, b, label',
      ],
      { "data/d.csv": "a,b,label\n1,2,x\n3,4,y\n" },
    ],
  ])("%s", async (_, text, expected, files: Contents = { "data/d.csv": data }) => {
    expect(await lines(text, files)).toEqual(expected);
  });

  it("need no right answer when a judge scores", async () => {
    expect(
      await lines(`${good}scoring: [{ type: judge, model: "builtin:reader", rubric: Good. }]\n`, {
        "data/d.csv": "text,kind\na,b\nc,d\n",
      }),
    ).toEqual([]);
  });
});

describe("rows", () => {
  it.each([
    ["none", "", ["e a.layout.yaml:2:10: data/d.csv has no rows: add labelled examples, one a row under a header"]],
    [
      "a header alone",
      "id,text,label\n",
      ["e a.layout.yaml:2:10: data/d.csv has no rows: add labelled examples, one a row under a header"],
    ],
    [
      "with the same id",
      "id,text,label\n1,a,x\n2,b,y\n1,c,x\n2,d,y\n2,e,x\n",
      [
        'e a.layout.yaml:2:10: rows 1 and 3 have the same id, "1": give each row an id of its own, or name another column in dataset.id',
        'e a.layout.yaml:2:10: rows 2, 4 and 5 have the same id, "2": give each row an id of its own, or name another column in dataset.id',
      ],
    ],
    [
      "without an id",
      "id,text,label\n,a,x\n2,b,y\n",
      ["e a.layout.yaml:2:10: row 1 has no id: give each row an id of its own"],
    ],
    [
      "that are equal",
      "text,label\na,x\nb,y\na,x\n",
      ["w a.layout.yaml:2:10: rows 1 and 3 are equal: remove all but one, as each counts as evidence"],
    ],
    [
      "without an answer",
      "text,label\na,x\nb,\nc,y\nd,\ne,\nf,\ng,\nh,\n",
      [
        "w a.layout.yaml:2:10: rows 2, 4, 5, 6, 7 and 1 more have no label and are left out: fill them in, or remove the rows",
      ],
    ],
    [
      "without anything",
      "text,label\na,\n,x\n",
      [
        "e a.layout.yaml:2:10: no row has everything the prompt and the score need: fill in label, text",
        "w a.layout.yaml:2:10: row 1 has no label and is left out: fill them in, or remove the rows",
        "w a.layout.yaml:2:10: row 2 has no text and is left out: fill them in, or remove the rows",
      ],
    ],
    [
      "with one answer",
      "text,label\na,x\nb,x\n",
      ['w a.layout.yaml:2:10: every right answer is "x": check dataset.expected; with one label every layout is right'],
    ],
  ])("%s", async (_, content, expected) => {
    const found = await lines(good, { "data/d.csv": content });
    expect(found).toEqual(expected);
  });

  it("that no filter lets through", async () => {
    expect(await lines(good.replace("data/d.csv", "{ path: data/d.csv, filter: { split: tets } }"))).toEqual(
      ["e a.layout.yaml:2:30: no row has split = tets: correct the filter, or remove it"].map((line) =>
        line.replace("2:30", "2:30"),
      ),
    );
  });

  it("whose answers are not in the list of labels", async () => {
    expect(await lines(`${good}  output: { labels: [Card, refnd] }\n`)).toEqual([
      'e a.layout.yaml:6:21: the answer "refund" of row 2 is not in the list of labels: write refnd there, or add refund to the list',
    ]);
  });

  it("whose answers are too many for labels", async () => {
    const rows = Array.from({ length: 30 }, (_, i) => `q${i},${i * 3}`).join("\n");
    expect(await lines(good, { "data/d.csv": `text,answer\n${rows}\n` })).toEqual([
      "w a.layout.yaml:4:1: there are 30 different right answers, too many for a list of labels: write prompt.output: { type: number }",
    ]);
  });
});

describe("demonstrations", () => {
  const withShots = `${good}  examples: { path: shots.csv, count: 2 }\n`;
  it.each([
    [
      "too few",
      "text,label\na,card\n",
      [
        "e a.layout.yaml:6:39: 2 demonstrations are asked for, and shots.csv has 1: lower the number, or add rows to the file",
      ],
    ],
    [
      "that are also asked",
      "text,label\nNo card yet,card\nb,refund\n",
      [
        "w a.layout.yaml:6:3: row 3 of the dataset is also among the demonstrations: keep the two files apart, or the answer is given away",
      ],
    ],
    [
      "without columns that fit",
      "a,b\n1,2\n3,4\n",
      [
        "e a.layout.yaml:6:21: shots.csv has no column that is known to hold the text: name one in prompt.examples.input; columns are a, b",
        "e a.layout.yaml:6:21: shots.csv has no column that is known to hold the right answer: name one in prompt.examples.expected; columns are a, b",
      ],
    ],
    [
      "that lack an answer",
      "text,label\na,card\nb,\nc,card\n",
      [
        "w a.layout.yaml:6:21: row 2 of shots.csv lacks text or answer and is left out: fill them in, or remove the rows",
      ],
    ],
    [
      "none",
      "text,label\n",
      ["e a.layout.yaml:6:21: shots.csv has no rows: add demonstrations, one a row under a header"],
    ],
  ])("%s", async (_, shots, expected) => {
    expect(await lines(withShots, { "data/d.csv": data, "shots.csv": shots })).toEqual(expected);
  });

  it("may be fewer in the file than a grid asks for, and then it is the grid that is wrong", async () => {
    expect(
      await lines(`${withShots}parameters: { examples.count: [0, 5] }\n`, {
        "data/d.csv": data,
        "shots.csv": "text,label\na,card\nb,refund\n",
      }),
    ).toEqual([
      "e a.layout.yaml:7:31: 5 demonstrations are asked for, and shots.csv has 2: lower the number, or add rows to the file",
    ]);
  });

  it("written in place leak as well", async () => {
    expect(await lines(`${good}  examples: [{ input: No card yet, output: card }]\n`)).toEqual([
      "w a.layout.yaml:6:3: row 3 of the dataset is also among the demonstrations: keep the two files apart, or the answer is given away",
    ]);
  });

  it("leak also where the segment puts words around its column", async () => {
    const shots = { "data/d.csv": data, "shots.csv": "body,gold\nNo card yet,card\n" };
    expect(
      await lines(
        `${good.replace("{{text}}", "Say: {{text}}")}  examples: { path: shots.csv, count: 1, input: body, expected: gold }\n`,
        shots,
      ),
    ).toEqual([expect.stringContaining("row 3 of the dataset is also among the demonstrations")]);
  });

  it("take their text from the columns of the segment, or from the one named", async () => {
    const loaded = await load(
      `${good.replace("{{text}}", "Say: {{text}}")}  examples: { path: shots.csv, count: 1, input: body, expected: gold }\n`,
      { "data/d.csv": data, "shots.csv": "body,gold\nb,card\n" },
    );
    expect(loaded.demonstrations).toEqual([{ input: "b", output: "card" }]);
    const other = await load(
      `${good.replace("{{text}}", "Say: {{text}}")}  examples: { path: shots.csv, count: 1 }\n`,
      { "data/d.csv": data, "shots.csv": "text,label\nb,card\n" },
    );
    expect(other.demonstrations).toEqual([{ input: "Say: b", output: "card" }]);
  });
});

it("reports the mistakes of all files in one pass, and keeps what could be read", async () => {
  const text = `nme: a
dataset: { path: data/d.csv, expected: lable }
models: [builtin:reader, gpt-5]
prompt:
  segment: "{{txt}}"
  role: { file: rol.md }
layouts: [standard, recncy]
sampling: { mode: adptive }
`;
  const loaded = await load(text, { "data/d.csv": "text,label\na,x\nb\n", "role.md": "You." });
  await expect(
    `${loaded.diagnostics.map((each) => `${each.severity}: ${formatDiagnostic(each)}`).join("\n")}\n`,
  ).toMatchFileSnapshot("golden/allMistakes.golden.txt");
  expect(loaded.kind).toBe("broken");
  expect(loaded.dataset?.columns).toEqual(["text", "label"]);
  expect(loaded.experiment?.layouts.map((each) => each.name)).toEqual(["standard"]);
});

describe("scorers", () => {
  const scored = (scoring: string, files: Contents = {}) =>
    lines(`${good}scoring: [${scoring}]\n`, { "data/d.csv": data, ...files });

  it.each([
    [
      "{ type: sql, database: shop.sqlit }",
      "e a.layout.yaml:6:34: shop.sqlit does not exist: did you mean shop.sqlite?",
    ],
    ["sql", "e a.layout.yaml:6:11: the scorer sql needs database: write { type: sql, database: shop.sqlite }"],
    [
      "{ type: sql, databse: shop.sqlite }",
      "e a.layout.yaml:6:24: unknown key databse in scoring[1]: did you mean database?",
    ],
    ["{ type: sql, database: shop.sqlite, timeout: 60 }", "write a number and a unit: 500ms, 60s, 10m or 2h"],
    ['{ type: sql, database: "postgres://me:secret@host/db" }', "put it in the environment and write \x24{env:NAME}"],
    ["{ type: script, file: score.mjs }", "score.mjs does not exist"],
    [
      "{ type: judge, model: gpt-4.1, rubric: x }",
      "the judge gpt-4.1 is no model id: write provider:model, such as openai:gpt-4.1-mini",
    ],
    ["{ type: judge, model: opnai:x, rubric: x }", "unknown provider opnai of the judge: did you mean openai:x?"],
    ["{ type: judge, model: openai:x, rubric: { file: r.md } }", "r.md does not exist"],
    ["{ type: judge, model: openai:x, rubric: x, scale: [5, 1] }", "write the worst score first: [0, 1] or 1..5"],
    ["{ type: similarity, threshold: 2 }", "write a share above 0 and up to 1, such as 0.9"],
  ])("say what is wrong with %s", async (scoring, says) => {
    const found = await scored(scoring, { "shop.sqlite": "" });
    expect(
      found.some((line) => line.includes(says)),
      found.join("\n"),
    ).toBe(true);
  });

  it("come with their defaults, and rubrics with their text", async () => {
    const scoring =
      "{ type: judge, model: openai/x, rubric: { file: r.md }, scale: 1..5 }, { type: sql, database: shop.sqlite, timeout: 5s }, similarity";
    const files = { "data/d.csv": data, "r.md": "Be kind.\n", "shop.sqlite": "" };
    const loaded = await load(`${good}scoring: [${scoring}]\n`, files);
    expect(loaded.diagnostics.map(formatDiagnostic)).toEqual([]);
    expect(loaded.experiment?.scoring).toEqual([
      {
        type: "judge",
        options: { model: "openai:x", rubric: "Be kind.", scale: [1, 5], perCall: 10, reference: true },
      },
      { type: "sql", options: { database: "shop.sqlite", timeout: 5000, concurrency: 10, order: "auto" } },
      { type: "similarity", options: { measure: "edit" } },
    ]);
  });

  it("that are scripts are told of where they may not run", async () => {
    const files = { "data/d.csv": data, "score.mjs": "" };
    const loaded = await load(`${good}scoring: [{ type: script, file: score.mjs }]\n`, files, { trusted: false });
    expect(loaded.diagnostics.map(({ severity, code }) => `${severity} ${code}`)).toEqual(["warning untrusted-script"]);
  });
});

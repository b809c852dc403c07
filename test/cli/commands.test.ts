import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type CliFolder, colours, openCliFolder } from "../support/cli.ts";
import { labelOf, rowOf } from "../support/engine.ts";

const open: CliFolder[] = [];
async function folder(options: Parameters<typeof colours>[0] = {}): Promise<CliFolder> {
  const opened = await openCliFolder();
  open.push(opened);
  const { spec, data } = colours(options);
  await opened.write("colours.layout.yaml", spec);
  await opened.write("data.csv", data);
  return opened;
}
afterEach(async () => {
  for (const opened of open.splice(0)) await opened.close();
});

const spec = "colours.layout.yaml";

/** The id of the newest run. */
async function newest(opened: CliFolder): Promise<string> {
  const { runs } = JSON.parse((await opened.run("runs", "--json")).stdout) as { readonly runs: { run: string }[] };
  return runs[0]?.run ?? "";
}

function json(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}

describe("the command line", () => {
  it("shows its help when nothing is asked of it", async () => {
    const opened = await folder();
    const bare = await opened.run();
    expect(bare).toMatchObject({ code: 0, stderr: "" });
    expect(bare.stdout).toBe((await opened.run("--help")).stdout);
    for (const command of ["init", "validate", "preview", "estimate", "run", "runs", "show", "compare", "export"])
      expect(bare.stdout).toMatch(new RegExp(`^  ${command} `, "m"));
  });

  it("says with --json what is wrong in one document, the same for every command", async () => {
    const opened = await folder();
    const told = async (...args: readonly string[]) => {
      const { code, stdout, stderr } = await opened.run(...args, "--json");
      const { errors, ...document } = json(stdout);
      expect(errors).toEqual([document["error"]]);
      expect(stderr.trim().split("\n")).toHaveLength(1);
      return { code, ...document };
    };
    const failed = (error: Record<string, string>) => ({
      code: 2,
      schema: "layoutlab/error@1",
      exitCode: 2,
      error,
    });
    expect(await told("run", "colors.layout.yaml")).toEqual(
      failed({
        code: "no-file",
        message: "colors.layout.yaml does not exist",
        action: `did you mean ${spec}?`,
      }),
    );
    expect(await told("rnu")).toEqual(
      failed({ code: "usage", message: "unknown command 'rnu'", action: "did you mean run?" }),
    );
    expect(await told("run", spec, "--queue", "fast")).toEqual(
      failed({ code: "bad-flag", message: '--queue is "fast"', action: "use smart or sequential" }),
    );
    expect(await told("show")).toMatchObject(
      failed({
        code: "usage",
        message: "missing required argument 'run'",
        action: "layoutlab show --help lists what there is",
      }),
    );
    expect(await told("cache", "import", "none.jsonl")).toMatchObject({ code: 2, error: { code: "no-file" } });
    opened.script(() => ({ kind: "rejected", reason: "auth", status: 401, message: "the key is wrong" }));
    expect(await told("run", spec)).toEqual(
      failed({ code: "rejected", message: "scripted:a: the key is wrong", where: `${spec}:3:10` }),
    );
  });

  it.each([
    [["rnu", "--help"], "unknown command 'rnu': did you mean run?"],
    [["batch", "rnu", "--help"], "unknown command 'rnu': did you mean run?"],
    [["help", "rnu"], "unknown command 'rnu': did you mean run?"],
    [["zzz", "-h"], "unknown command 'zzz': layoutlab --help lists what there is"],
    [["batch", "zzz"], "unknown command 'zzz': layoutlab batch --help lists what there is"],
    [["rnu"], "unknown command 'rnu': did you mean run?"],
    [["run", "--jsno"], "unknown option '--jsno': did you mean --json?"],
    [["run"], "no experiment file is named: write layoutlab run FILE.layout.yaml, or --resume"],
    [["show"], "missing required argument 'run': layoutlab show --help lists what there is"],
    [
      ["batch", "run", "x.jsonl"],
      "required option '-o, --output <file>' not specified: layoutlab batch run --help lists what there is",
    ],
    [["preview", spec, "--hop", "2"], "--hop is 2, and the experiment has no chain: leave it out"],
    [["run", spec, "--limit", "many"], '--limit is "many": give a whole number from 1 up'],
    [["run", spec, "--limit", "0"], '--limit is "0": give a whole number from 1 up'],
    [["run", spec, "--max-cost", "-1"], '--max-cost is "-1": give a number above 0'],
    [["run", spec, "--queue", "fast"], '--queue is "fast": use smart or sequential'],
    [["run", spec, "--price", "openai:x=1..2/3"], /^--price is "openai:x=1..2\/3": write model=/],
    [["serve", "--port", "99999"], '--port is "99999": give a whole number from 0 to 65535'],
    [["simulate", "--port", "-1"], '--port is "-1": give a whole number from 0 to 65535'],
    [["requests", "list", "--run", "nope"], 'there is no run "nope": `layoutlab runs` lists them'],
    [["requests", "stats", "--run", "nope"], 'there is no run "nope": `layoutlab runs` lists them'],
    [["worker", "--run", "nope", "--quiet"], 'there is no run "nope": `layoutlab runs` lists them'],
    [
      ["export", "x", "-o", "y", "--format", "bogus"],
      '--format is "bogus": use csv, jsonl, json, md, html, junit.xml or replay.jsonl',
    ],
    [["run", spec, "--retry-errors"], "--retry-errors goes with --resume: add --resume"],
    [
      ["run", "--resume", "--limit", "3"],
      "--limit cannot change when a run is resumed: leave it out, or start a new run",
    ],
    [["run", "--resume"], "there is no interrupted run to resume: start one with `layoutlab run`"],
    [["run", spec, "-o", "result.xls"], /^result\.xls has no ending that names a format: end it in one of \.csv, /],
    [["run", spec, "-o", "no/r.csv"], "the folder of no/r.csv does not exist: make it, or name another place"],
    [["run", spec, "--price", "gpt=1"], /^--price is "gpt=1": write model=prompt\/completion/],
    [["run", spec, "--layouts", "sandwhich"], /^no layout is named "sandwhich": /],
    [["show", "2020"], 'there is no run "2020": `layoutlab runs` lists them'],
    [["export", "2020"], "no file is named: add -o result.csv"],
    [["cache", "import", "none.jsonl"], "none.jsonl is not a file: name what `layoutlab cache export` wrote"],
    [["decide", "none.csv"], /^none\.csv/],
    [["simulate", "--fault", "rain=1"], /^--fault is "rain=1": write name=share/],
    [["runs", "--store", "data.csv"], /^data\.csv is not a Layout Lab store: /],
  ])("refuses %j in one line with exit 2", async (args, line) => {
    const opened = await folder();
    const { code, stdout, stderr } = await opened.run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr.split("\n")).toHaveLength(2);
    if (typeof line === "string") expect(stderr).toBe(`${line}\n`);
    else expect(stderr).toMatch(line);
    expect(opened.asked).toEqual([]);
  });

  it("makes no store when it only looks", async () => {
    const opened = await folder();
    const before = await opened.files();
    for (const command of [
      ["runs"],
      ["cache", "stats"],
      ["requests", "stats"],
      ["requests", "list"],
      ["estimate", spec],
    ])
      expect(await opened.run(...command)).toMatchObject({ code: 0 });
    expect(await opened.files()).toEqual(before);
  });

  it("keeps its store out of git", async () => {
    const opened = await folder();
    await opened.run("run", spec);
    expect(await readFile(path.join(opened.folder, ".layoutlab", ".gitignore"), "utf8")).toMatch(/^\*\n/);
  });
});

describe("init", () => {
  it("writes an experiment that runs", async () => {
    const opened = await openCliFolder();
    open.push(opened);
    const { code, stdout } = await opened.run("init", "demo");
    expect(code).toBe(0);
    expect(stdout).toBe(
      "wrote demo/demo.layout.yaml\nwrote demo/data/messages.csv\nNext: layoutlab run demo/demo.layout.yaml\n",
    );
    expect(await opened.run("validate", "demo/demo.layout.yaml")).toMatchObject({ code: 0 });
    expect(await opened.run("run", "demo/demo.layout.yaml", "--limit", "5")).toMatchObject({
      stderr: expect.any(String),
    });
  });

  it("takes a user's own table, and overwrites nothing", async () => {
    const opened = await openCliFolder();
    open.push(opened);
    await opened.write("my data.csv", colours().data);
    expect((await opened.run("init", "--from", "my data.csv")).stdout).toContain("wrote my data.layout.yaml");
    await opened.write("two.csv", "id,title,body,label,category\n1,Hi,How are you today?,x,a\n2,Ho,Fine,y,b\n");
    const two = await opened.run("init", "elsewhere", "--from", "two.csv");
    expect(two.stdout).toContain(
      "the text is body (title might be it too), the right answer label (category might be it too), the id id: change it in the file if that is wrong\n",
    );
    expect(json((await opened.run("init", "third", "--from", "two.csv", "--json")).stdout)).toMatchObject({
      columns: { text: "body", expected: "label", id: "id", others: { text: ["title"], expected: ["category"] } },
    });
    expect((await opened.run("validate", "my data.layout.yaml")).code).toBe(0);
    expect(await opened.run("init", "--from", "my data.csv")).toEqual({
      code: 2,
      stdout: "",
      stderr: "my data.layout.yaml is there already: name another folder, or move it away first\n",
    });
  });

  it.each([
    ["none.csv", /^none\.csv cannot be read: check the path/],
    ["notes.txt", /^notes\.txt is no data file/],
  ])("refuses %s", async (name, line) => {
    const opened = await openCliFolder();
    open.push(opened);
    await opened.write("notes.txt", "hello");
    const { code, stderr } = await opened.run("init", "--from", name);
    expect(code).toBe(2);
    expect(stderr).toMatch(line);
    expect(await opened.files()).toEqual(["notes.txt"]);
  });
});

describe("preview", () => {
  it("shows the messages with tokens per part", async () => {
    const opened = await folder();
    const { code, stdout } = await opened.run("preview", spec, "--layout", "sandwich", "--example", "r4");
    expect(code).toBe(0);
    expect(stdout).toContain("── system ─");
    expect(stdout).toContain("item number 4");
    expect(stdout).toMatch(/^quickCheck +\d+$/m);
    expect(stdout).toMatch(/sandwich, \w+, example r4: \d+ tokens \(estimated\), \d+\.\d % cacheable prefix/);
    expect(json((await opened.run("preview", spec, "--json")).stdout)).toMatchObject({ layout: "standard" });
  });

  it.each([
    [["--layout", "sandwhich"], /sandwhich/],
    [["--example", "r99"], /r99/],
  ])("refuses %j", async (flags, line) => {
    const opened = await folder();
    const { code, stderr } = await opened.run("preview", spec, ...flags);
    expect(code).toBe(2);
    expect(stderr).toMatch(line);
  });
});

describe("run", () => {
  it("prints one document with --json, and what is said elsewhere", async () => {
    const opened = await folder();
    const { code, stdout, stderr } = await opened.run("run", spec, "--json", "--sampling", "full");
    expect(code).toBe(3);
    expect(json(stdout)).toMatchObject({
      schema: "layoutlab/run@1",
      status: "finished",
      verdict: { kind: "undecided" },
      requests: { sent: 24, succeeded: 24 },
      stopped: { kind: "decided" },
    });
    expect(stderr).not.toContain("{");
  });

  it("says nothing but the result with --quiet", async () => {
    const opened = await folder();
    expect((await opened.run("run", spec, "--quiet", "-o", "r.csv")).stderr).toBe("");
    expect(await opened.files()).toContain("r.csv");
  });

  it("writes every format by its ending, whole", async () => {
    const opened = await folder();
    const names = ["r.csv", "r.jsonl", "r.json", "r.md", "r.html", "r.junit.xml", "r.replay.jsonl"];
    const { stderr } = await opened.run("run", spec, "--sampling", "full", ...names.flatMap((name) => ["-o", name]));
    for (const name of names) expect(stderr).toContain(`wrote ${name}`);
    expect((await opened.files()).filter((name) => name.endsWith(".part"))).toEqual([]);
    const read = (name: string) => readFile(path.join(opened.folder, name), "utf8");
    expect((await read("r.csv")).trim().split("\r\n")).toHaveLength(25);
    expect((await read("r.jsonl")).trim().split("\n").map(json)).toHaveLength(24);
    expect(json(await read("r.json"))).toMatchObject({ schema: "layoutlab/run@1" });
    expect(await read("r.md")).toContain("| standard/scripted:a | 12 |");
    expect(await read("r.html")).toContain("<html");
    expect(await read("r.junit.xml")).toContain('name="colours: answers" tests="24"');
    const [line] = (await read("r.replay.jsonl")).split("\n");
    expect(json(line ?? "")).toMatchObject({
      example: expect.any(String),
      layout: "standard",
      output: expect.any(String),
    });
  });

  it("tells a build server of asserts and ends that should turn it red, and of wrong answers as skipped", async () => {
    const opened = await folder({ more: "sampling: { mode: full }\nassert: { accuracy: '>= 0.9' }\n" });
    opened.script((_request, { trial }) => labelOf(rowOf(trial?.example) % 4 === 0 ? 1 : rowOf(trial?.example)));
    const ended = await opened.run("run", spec, "-o", "r.junit.xml");
    expect(ended.code).toBe(100);
    const text = await readFile(path.join(opened.folder, "r.junit.xml"), "utf8");
    expect(text).toContain('<testsuites name="colours" tests="26" failures="1" errors="0">');
    expect(text).toContain('<testcase classname="colours" name="run" time="0"></testcase>');
    expect(text).toMatch(
      /name="assert" time="0"><failure message="standard\S+ has an accuracy of 83.3 %, wanted &gt;= 90/,
    );
    expect(text.match(/<failure/g)).toHaveLength(1);
    expect(text.match(/<skipped type="wrong" message="expected red, got green"\/>/g)).toHaveLength(2);
    const other = colours({ more: "sampling: { mode: full }\nlimits: { maxCalls: 5 }\n" }).spec;
    await opened.write(spec, other);
    expect((await opened.run("run", spec, "--no-cache", "-o", "s.junit.xml")).code).toBe(3);
    expect(await readFile(path.join(opened.folder, "s.junit.xml"), "utf8")).toContain(
      'name="run" time="0"><error message="the budget of 5 calls is used up"/></testcase>',
    );
  });

  it("writes what a model said as text, whatever it said", async () => {
    const opened = await folder({ more: "sampling: { mode: full }\n" });
    const said = '<script>alert(1)</script>, "red"\n| & ]]> =1+1';
    opened.script(() => said);
    const names = ["r.csv", "r.jsonl", "r.md", "r.html", "r.junit.xml"];
    await opened.run("run", spec, ...names.flatMap((name) => ["-o", name]));
    const read = (name: string) => readFile(path.join(opened.folder, name), "utf8");
    for (const name of ["r.html", "r.junit.xml", "r.md"]) expect(await read(name)).not.toContain("<script>alert");
    expect(await read("r.html")).toContain("&lt;script&gt;alert(1)");
    expect(json((await read("r.jsonl")).split("\n")[0] ?? "")["output"]).toBe(said);
    expect(await read("r.csv")).toContain('"<script>alert(1)</script>, ""red""\n| & ]]> =1+1"');
  });

  it("can be played again from what it exported, with nothing asked", async () => {
    const opened = await folder({ more: "sampling: { mode: full }\n" });
    opened.script((_request, { trial }) => (rowOf(trial?.example) % 3 === 0 ? "red" : "blue"));
    const first = json((await opened.run("run", spec, "--json", "-o", "out.replay.jsonl")).stdout);
    const asked = opened.asked.length;
    const again = json((await opened.run("run", spec, "--json", "--models", "replay:out.replay.jsonl")).stdout);
    expect(opened.asked).toHaveLength(asked);
    const figures = (run: Record<string, unknown>) =>
      (run["variants"] as { layout: string; trials: number; correct: number; interval: unknown }[]).map(
        ({ layout, trials, correct, interval }) => ({ layout, trials, correct, interval }),
      );
    expect(figures(again)).toEqual(figures(first));
    expect(again["requests"]).toMatchObject({ sent: 0 });
    // Played against corrected answers, it is scored by them.
    await opened.write("data.csv", colours().data.replaceAll(",green", ",blue"));
    const corrected = json((await opened.run("run", spec, "--json", "--models", "replay:out.replay.jsonl")).stdout);
    expect((corrected["variants"] as { correct: number }[]).map(({ correct }) => correct)).toEqual([12, 12]);
  });

  it("stops at a budget with exit 3, and goes on with a larger one", async () => {
    const opened = await folder();
    const { code, stdout } = await opened.run("run", spec, "--sampling", "full", "--max-calls", "7");
    expect(code).toBe(3);
    expect(opened.asked).toHaveLength(7);
    expect(stdout).toContain("Stopped early: the budget of 7 calls is used up.");
    const run = await newest(opened);
    expect(stdout).toContain(`Go on with it: layoutlab run --resume ${run}`);
    const more = await opened.run("run", "--resume", run.slice(0, -2), "--max-calls", "100", "--json");
    expect(json(more.stdout)).toMatchObject({ run, status: "finished", requests: { sent: 24 } });
    expect(opened.asked).toHaveLength(24);
    expect(new Set(opened.asked).size).toBe(24);
  });

  it("finishes what is in flight on the first Ctrl-C: exit 130, resumable", async () => {
    const opened = await folder({ rows: 40, more: "sampling: { mode: full }\n" });
    let pressed = false;
    opened.script(async (_request, { trial }, call) => {
      if (call === 10 && !pressed) opened.interrupt();
      pressed ||= call === 10;
      await new Promise((resolve) => setTimeout(resolve, 5));
      return labelOf(rowOf(trial?.example));
    });
    const { code, stdout, stderr } = await opened.run("run", spec);
    expect(code).toBe(130);
    expect(stderr).toContain("Ctrl-C again stops at once");
    expect(stdout).toContain("Interrupted: stopped by the user.");
    const asked = opened.asked.length;
    expect(asked).toBeLessThan(80);
    const done = json((await opened.run("run", "--resume", "--json")).stdout);
    expect(done).toMatchObject({ status: "finished", requests: { sent: 80 } });
    expect(opened.asked).toHaveLength(80);
  });

  it("lets go of what is in flight on the second", async () => {
    const opened = await folder({ rows: 40, more: "sampling: { mode: full }\n" });
    opened.script(async (_request, { signal }, call) => {
      if (call === 1) {
        opened.interrupt();
        setTimeout(() => opened.interrupt(), 20);
      }
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return "red";
    });
    // What is in flight ends by its signal only.
    const { code } = await opened.run("run", spec);
    expect(code).toBe(130);
    const stats = json((await opened.run("requests", "stats", "--json")).stdout);
    expect(stats["byStatus"]).toMatchObject({ processing: 0, completed: 0, failed: 0 });
  });

  it.each([
    ["passes", ">= 0.9", 0, "Assert passed"],
    ["fails", "> 1", 100, "Assert failed"],
  ])("%s its assert", async (_what, accuracy, code, words) => {
    const opened = await folder({ rows: 400, more: `assert: { accuracy: "${accuracy}" }\n` });
    const result = await opened.run("run", spec);
    expect(result.code).toBe(code);
    expect(result.stdout).toContain(words);
  });
});

describe("what is stored", () => {
  it("is listed, shown again, compared and exported", async () => {
    const opened = await folder({ more: "sampling: { mode: full }\n" });
    const ran = json((await opened.run("run", spec, "--json")).stdout);
    const run = String(ran["run"]);
    expect((await opened.run("runs")).stdout).toMatch(
      new RegExp(`^${run} +colours +finished +2 +\\S+ 100\\.0 %$`, "m"),
    );
    expect(json((await opened.run("show", run.slice(0, 12), "--json")).stdout)).toEqual(ran);
    expect((await opened.run("show", run)).stdout).toContain("Verdict: ");
    const compared = await opened.run("compare", `${run}:standard`, `${run}:sandwich`);
    expect(compared.stdout).toContain("12 examples in both");
    expect((await opened.run("compare", `${run}:nobody`, run)).stderr).toContain("has no variant");
    expect((await opened.run("export", run, "-o", "again.csv")).stdout).toBe("wrote again.csv (24 trials)\n");
    expect((await opened.run("export", run, "-o", "x", "--format", "md")).stdout).toBe("wrote x\n");
  });

  it("can be told apart by file", async () => {
    const opened = await folder({ more: "sampling: { mode: full }\n" });
    await opened.write("other.layout.yaml", colours().spec.replace("name: colours", "name: other"));
    await opened.run("run", spec);
    await opened.run("run", "other.layout.yaml");
    expect((await opened.run("runs", "other.layout.yaml")).stdout).not.toContain("colours");
  });

  it("is what `score` judges again, with no call", async () => {
    const opened = await folder({ more: "sampling: { mode: full }\n" });
    opened.script((_request, { trial }) => (rowOf(trial?.example) < 4 ? "red" : labelOf(rowOf(trial?.example))));
    const before = json((await opened.run("run", spec, "--json")).stdout) as { variants: { correct: number }[] };
    expect(before.variants.map((variant) => variant.correct)).toEqual([10, 10]);
    const asked = opened.asked.length;
    const run = await newest(opened);
    const same = json((await opened.run("score", run, "--json")).stdout);
    expect(same).toMatchObject({ schema: "layoutlab/score@1", trials: 24, changed: 0, kept: 0, scorers: ["label"] });
    // Two right answers were wrong in the file: corrected there, they count.
    await opened.write(
      "data.csv",
      colours().data.replace("number 1,green", "number 1,red").replace("number 2,blue", "number 2,red"),
    );
    const after = json((await opened.run("score", run, "--json")).stdout);
    expect(after).toMatchObject({ changed: 4, summary: { variants: [{ correct: 12 }, { correct: 12 }] } });
    expect(json((await opened.run("show", run, "--json")).stdout)).toEqual(after["summary"]);
    expect((await opened.run("score", run)).stdout).toContain(
      "Scored 24 stored answers by label: 0 differ from before.",
    );
    expect(opened.asked).toHaveLength(asked);
  });
});

describe("the cache", () => {
  it("is warmed, counted, carried to another store and cleared", async () => {
    const opened = await folder();
    const warm = await opened.run("cache", "warm", spec);
    expect(warm).toMatchObject({ code: 0, stdout: "asked for 24 answers, knew 0, 0 failed\n" });
    expect((await opened.run("runs")).stdout).toBe("no runs yet\n");
    expect((await opened.run("cache", "warm", spec)).stdout).toBe("asked for 0 answers, knew 24, 0 failed\n");
    expect((await opened.run("cache", "stats")).stdout).toMatch(/^scripted:a +colours +24 /m);
    await opened.run("cache", "warm", spec, "--models", "scripted:b", "--layouts", "sandwich", "--limit", "5");
    const held = async (...more: readonly string[]) =>
      json((await opened.run("cache", "stats", spec, "--models", "scripted:b", "--json", ...more)).stdout);
    expect(await held()).toMatchObject({ answers: 24, cached: 5 });
    expect(await held("--layouts", "sandwich")).toMatchObject({ answers: 12, cached: 5 });
    expect(await held("--limit", "5")).toMatchObject({ answers: 10, cached: 5 });
    await opened.run("cache", "clear", "--model", "scripted:b");
    expect((await opened.run("cache", "stats", "--models", "scripted:b")).stderr).toBe(
      "--models goes with a file: name the experiment file\n",
    );
    expect(json((await opened.run("estimate", spec, "--json")).stdout)).toMatchObject({ calls: 24, cachedCalls: 24 });
    expect((await opened.run("cache", "export", "c.jsonl")).stdout).toBe("wrote 24 answers to c.jsonl\n");
    const other = ["--store", "other.db"];
    expect((await opened.run("cache", "import", "c.jsonl", ...other)).stdout).toBe(
      "took in 24 answers; 0 were known already\n",
    );
    const asked = opened.asked.length;
    const run = json((await opened.run("run", spec, "--sampling", "full", "--json", ...other)).stdout);
    expect(run["requests"]).toMatchObject({ sent: 0, cached: 24 });
    expect(opened.asked).toHaveLength(asked);
    expect((await opened.run("cache", "clear", "--model", "scripted:b", ...other)).stdout).toBe("forgot 0 answers\n");
    expect((await opened.run("cache", "clear", ...other)).stdout).toBe("forgot 24 answers\n");
    expect((await opened.run("cache", "stats", ...other)).stdout).toMatch(/^0 answers, /);
  });

  it("names the first line of a file that holds no answer, and takes the others", async () => {
    const opened = await folder();
    await opened.run("cache", "warm", spec, "--limit", "1");
    await opened.run("cache", "export", "c.jsonl");
    const text = await readFile(path.join(opened.folder, "c.jsonl"), "utf8");
    await opened.write("c.jsonl", `garbage\n${text}{"key": 1}\n`);
    expect(await opened.run("cache", "import", "c.jsonl", "--store", "other.db")).toEqual({
      code: 2,
      stdout: "took in 2 answers; 0 were known already\n",
      stderr: "c.jsonl:1:1: this line and 1 more are no cache entry: export the cache again\n",
    });
  });
});

describe("requests", () => {
  it("are counted, listed with their trouble, and cleaned up", async () => {
    const opened = await folder({ more: "sampling: { mode: full }\nlimits: { retries: 0 }\n" });
    opened.script((_request, { trial }) =>
      trial?.example === "r3"
        ? { kind: "unavailable", reason: "server", status: 500, message: "boom", retryAfterMs: undefined, body: "" }
        : labelOf(rowOf(trial?.example)),
    );
    await opened.run("run", spec);
    expect((await opened.run("requests", "stats")).stdout).toMatch(/^scripted:a +0 +0 +22 +2 +91\.7 %$/m);
    const failed = (await opened.run("requests", "failed")).stdout.trim().split("\n");
    expect(failed).toHaveLength(3);
    expect(failed[1]).toMatch(/failed +1 +unavailable: boom$/);
    expect((await opened.run("requests", "list", "--limit", "3")).stdout.trim().split("\n")).toHaveLength(4);
    expect((await opened.run("requests", "cleanup")).stdout).toBe("deleted 0 requests\n");
    expect((await opened.run("requests", "cleanup", "--older-than", "0")).stdout).toBe("deleted 24 requests\n");
    expect((await opened.run("show", await newest(opened))).stdout).toContain("100.0 %");
  });
});

describe("decide", () => {
  it("races the columns of a table", async () => {
    const opened = await folder();
    const rows = Array.from({ length: 400 }, (_, i) => `q${i},${i % 10 < 5 ? 1 : 0},${i % 10 < 9 ? 1 : 0}`);
    await opened.write("scores.csv", `id,plain,sandwich\n${rows.join("\n")}\n`);
    const { code, stdout } = await opened.run("decide", "scores.csv");
    expect(code).toBe(0);
    expect(stdout).toContain("Verdict: sandwich");
    expect(json((await opened.run("decide", "scores.csv", "--json")).stdout)).toMatchObject({
      schema: "layoutlab/decide@1",
      verdict: { kind: "winner", winner: "sandwich" },
    });
    expect((await opened.run("decide", "scores.csv", "--confidence", "2")).stderr).toBe(
      '--confidence is "2": give a number between 0 and 1\n',
    );
  });
});

describe("doctor", () => {
  it("takes absent keys and servers as normal", async () => {
    const opened = await openCliFolder({
      env: { OLLAMA_HOST: "http://127.0.0.1:9", OPENAI_BASE_URL: "http://127.0.0.1:9/v1" },
    });
    open.push(opened);
    const { code, stdout } = await opened.run("doctor");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^– +openai key +there is none: set OPENAI_API_KEY/m);
    expect(stdout).toMatch(/^ok +builtin/m);
    expect(json((await opened.run("doctor", "--json")).stdout)).toMatchObject({
      schema: "layoutlab/doctor@1",
      ok: true,
    });
  });
});

import { afterEach, describe, expect, it } from "vitest";
import { type CliFolder, colours, openCliFolder } from "../support/cli.ts";

const open: CliFolder[] = [];
async function folder(files: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) {
  const opened = await openCliFolder({ env });
  open.push(opened);
  for (const [name, text] of Object.entries(files)) await opened.write(name, text);
  return opened;
}
afterEach(async () => {
  for (const opened of open.splice(0)) await opened.close();
});

const good = colours();
const spec = "colours.layout.yaml";

/** The experiment with one line of it changed. */
function changed(from: string, to: string): string {
  if (!good.spec.includes(from)) throw new Error(`the experiment has no ${from}`);
  return good.spec.replace(from, to);
}

/** Runs the experiment, which must end with these lines alone and leave nothing behind. */
async function refuses(files: Readonly<Record<string, string>>, ...lines: readonly string[]) {
  const opened = await folder(files);
  const before = await opened.files();
  const wanted = { code: 2, stdout: "", stderr: `${lines.join("\n")}\n` };
  expect(await opened.run("run", spec)).toEqual(wanted);
  const told = await opened.run("run", spec, "--json", "--quiet");
  expect(told).toMatchObject({ code: 2, stderr: wanted.stderr });
  const { schema, exitCode, error, errors } = JSON.parse(told.stdout);
  expect({ schema, exitCode, error }).toEqual({ schema: "layoutlab/error@1", exitCode: 2, error: errors[0] });
  expect(errors.map(({ where, message, action }: Record<string, string>) => `${where}: ${message}: ${action}`)).toEqual(
    lines,
  );
  expect(await opened.run("estimate", spec)).toEqual(wanted);
  expect(await opened.run("preview", spec)).toEqual(wanted);
  expect(await opened.run("cache", "warm", spec)).toEqual(wanted);
  expect(await opened.run("validate", spec)).toMatchObject({
    code: 2,
    stdout: expect.stringContaining(wanted.stderr),
    stderr: "",
  });
  expect(await opened.files()).toEqual(before);
  expect(opened.asked).toEqual([]);
}

describe("a mistake in the experiment file", () => {
  it("is named where YAML is broken", () =>
    refuses(
      { [spec]: changed("layouts: [standard, sandwich]", "layouts: [standard, sandwich"), "data.csv": good.data },
      `${spec}:11:1: the indentation does not fit the lines above: line it up with its neighbours, and close every bracket`,
    ));

  it("is named at an unknown key, with the one that was meant", () =>
    refuses(
      { [spec]: changed("layouts:", "layuots:"), "data.csv": good.data },
      `${spec}:10:1: unknown key layuots: did you mean layouts?`,
    ));

  it("is named at a value of the wrong type", () =>
    refuses(
      { [spec]: `${good.spec}sampling: { initial: many }\n`, "data.csv": good.data },
      `${spec}:11:22: sampling.initial is the text "many": write a whole number`,
    ));

  it("is named at a data file that is missing", () =>
    refuses(
      { [spec]: good.spec, "date.csv": good.data },
      `${spec}:2:10: data.csv does not exist: did you mean date.csv?`,
    ));

  it("is named at a part's file that is missing", () =>
    refuses(
      {
        [spec]: changed("instructions: Name the colour.", "instructions: { file: how.md }"),
        "data.csv": good.data,
      },
      `${spec}:5:25: how.md does not exist: correct the path, which starts at this file's folder, or create the file`,
    ));

  it("is named at an unknown column", () =>
    refuses(
      { [spec]: changed("{{text}}", "{{txt}}"), "data.csv": good.data },
      `${spec}:6:15: the dataset has no column txt: did you mean text?`,
    ));

  it("is named at an unknown layout", () =>
    refuses(
      { [spec]: changed("[standard, sandwich]", "[standard, sandwhich]"), "data.csv": good.data },
      `${spec}:10:21: unknown layout sandwhich: did you mean sandwich?`,
    ));

  it("has a line of its own when there are several", () =>
    refuses(
      { [spec]: changed("{{text}}", "{{txt}}").replace("sandwich]", "sandwhich]"), "data.csv": good.data },
      `${spec}:6:15: the dataset has no column txt: did you mean text?`,
      `${spec}:10:21: unknown layout sandwhich: did you mean sandwich?`,
    ));
});

describe("a mistake in the data", () => {
  it("is named for rows that share an id", () =>
    refuses(
      { [spec]: good.spec, "data.csv": good.data.replace("r5,", "r4,") },
      `${spec}:2:10: rows 5 and 6 have the same id, "r4": give each row an id of its own, or name another column in dataset.id`,
    ));

  it("is named for a file without rows", () =>
    refuses(
      { [spec]: good.spec, "data.csv": "id,text,label\n" },
      `${spec}:2:10: data.csv has no rows: add labelled examples, one a row under a header`,
    ));

  it("is named for an answer that is not in the list of labels", () =>
    refuses(
      { [spec]: good.spec, "data.csv": good.data.replace(",blue", ",bleu") },
      `${spec}:9:34: the answer "bleu" of row 3 is not in the list of labels: write blue there, or add bleu to the list`,
    ));

  it("is named at the row's own line", () =>
    refuses(
      { [spec]: good.spec, "data.csv": good.data.replace(",item number 3,", ",") },
      "data.csv:5:1: row 4 has 2 fields, the header 3: add the missing fields, if only as empty ones",
    ));

  it("is named from where the user stands", async () => {
    const opened = await folder({
      "sub/colours.layout.yaml": good.spec,
      "sub/data.csv": good.data.replace(",item number 3,", ","),
    });
    const what = "row 4 has 2 fields, the header 3: add the missing fields, if only as empty ones";
    const relative = await opened.run("validate", "sub/colours.layout.yaml");
    expect(relative.stdout.split("\n")).toContain(`sub/data.csv:5:1: ${what}`);
    const absolute = await opened.run("validate", `${opened.folder}/sub/colours.layout.yaml`);
    expect(absolute.stdout.split("\n")).toContain(`${opened.folder}/sub/data.csv:5:1: ${what}`);
  });
});

describe("a file that is not there", () => {
  it.each([["run"], ["validate"], ["preview"], ["estimate"], ["cache", "warm"]])(
    "is named by %s %s, with its neighbour when that is near",
    async (...command) => {
      const opened = await folder({ [spec]: good.spec });
      expect(await opened.run(...command, "colors.layout.yaml")).toEqual({
        code: 2,
        stdout: "",
        stderr: `colors.layout.yaml does not exist: did you mean ${spec}?\n`,
      });
      expect((await opened.run(...command, "elsewhere/x.yaml")).stderr).toBe(
        "elsewhere/x.yaml does not exist: check the path, or make an experiment with `layoutlab init`\n",
      );
      expect((await opened.run(...command, ".")).stderr).toBe(`. is a folder: name a file in it, such as ${spec}\n`);
      expect(await opened.files()).toEqual([spec]);
    },
  );
});

describe("a model that cannot be asked", () => {
  const files = (model: string) => ({ [spec]: colours({ model }).spec, "data.csv": good.data });

  it("has no key: exit 2 at the model's place, and no run is kept", async () => {
    const opened = await folder(files("openai:gpt-4.1-mini"));
    const line = `${spec}:3:10: openai:gpt-4.1-mini: no key for OpenAI: set OPENAI_API_KEY or add the key\n`;
    expect(await opened.run("run", spec)).toEqual({ code: 2, stdout: "", stderr: line });
    expect((await opened.run("runs")).stdout).toBe("no runs yet\n");
    expect((await opened.run("requests", "list")).stdout.split("\n")).toHaveLength(2);
  });

  it("is no place in the file when a flag names it", async () => {
    const opened = await folder(files("scripted:a"));
    const { stderr } = await opened.run("run", spec, "--models", "openai:gpt-4.1-mini");
    expect(stderr).toBe("openai:gpt-4.1-mini: no key for OpenAI: set OPENAI_API_KEY or add the key\n");
  });

  it("has no provider", async () => {
    const opened = await folder(files("scripted:a"));
    expect(await opened.run("run", spec, "--models", "opnai:gpt")).toEqual({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(/^there is no provider "opnai": did you mean openai\?.*\n$/),
    });
  });

  it.each([
    ["ollama:gemma3", { OLLAMA_HOST: "http://127.0.0.1:9" }, "start Ollama, or set OLLAMA_HOST"],
    [
      "openai:gpt-4.1-mini",
      { OPENAI_API_KEY: "k", OPENAI_BASE_URL: "http://127.0.0.1:9/v1" },
      "start the server, or correct OPENAI_BASE_URL",
    ],
  ])("is out of reach, %s: exit 3 within seconds, and the run can be resumed", async (model, env, action) => {
    const opened = await folder(files(model), env);
    const started = performance.now();
    const { code, stdout } = await opened.run("run", spec);
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(code).toBe(3);
    expect(stdout).toContain(`Stopped early: ${model}: 127.0.0.1:9: nothing listens there: ${action}.\n`);
    expect(stdout).toContain("Go on with it: layoutlab run --resume ");
    expect(stdout).not.toContain("accuracy");
    const again = await opened.run("run", "--resume");
    expect(again.code).toBe(3);
    expect(again.stdout).toContain("nothing listens there");
  });
});

describe("a budget that cannot be kept", () => {
  it("names the model whose price is unknown", async () => {
    const opened = await folder({ [spec]: colours({ model: "openai:nobody" }).spec, "data.csv": good.data });
    const { code, stderr } = await opened.run("run", spec, "--max-cost", "1");
    expect(code).toBe(2);
    expect(stderr).toMatch(/^limits\.maxCost cannot be kept: the price of openai:nobody is unknown: give its price/);
    expect((await opened.run("runs")).stdout).toBe("no runs yet\n");
  });
});

describe("files that are not there or not readable", () => {
  it("stand among the mistakes of the other files", async () => {
    const opened = await folder({ [spec]: good.spec.replace("name:", "nmae:"), "data.csv": good.data });
    const { code, stdout } = await opened.run("validate", "nothing.layout.yaml", spec);
    expect(code).toBe(2);
    expect(stdout).toContain("nothing.layout.yaml:1:1: nothing.layout.yaml does not exist");
    expect(stdout).toContain(`${spec}:1:1: unknown key nmae`);
  });

  it("end init with one line", async () => {
    const opened = await folder({ "messages.csv": "text,label\u0000" });
    const { code, stderr } = await opened.run("init", "--from", "messages.csv");
    expect(code).toBe(2);
    expect(stderr).toBe("messages.csv:1:1: the file holds binary data: give a text file in UTF-8\n");
  });
});

import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { openEngine } from "../../src/engine/engine.ts";
import { answered, type Script, scriptedProvider } from "../../src/engine/provider/scripted.ts";
import type { RunEvent } from "../../src/engine/runner/events.ts";
import { type CliFolder, colours, openCliFolder } from "../support/cli.ts";
import { labelOf, rowOf } from "../support/engine.ts";

/**
 * Whole runs as transcripts: the experiment that went in; what the terminal, the events and `--json` gave back. What changes
 * from run to run (ids, times, how far the queue was ahead) is made the same; everything else must not change unnoticed.
 */
interface Case {
  readonly name: string;
  readonly options: Parameters<typeof colours>[0];
  readonly flags?: readonly string[];
  readonly script?: Script;
  /** True where asks beyond the decision were on their way, more or fewer of them each time. */
  readonly ahead?: boolean;
  /** More files of the folder. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Right on six rows of ten, on nine of ten under sandwich; tokens and times are told, as a provider does. */
const betterSandwich: Script = (_request, { trial }) => {
  const row = rowOf(trial?.example);
  const right = row % 10 < (trial?.layout === "sandwich" ? 9 : 6);
  return answered(labelOf(right ? row : row + 1), {
    usage: { promptTokens: trial?.layout === "sandwich" ? 60 : 50, completionTokens: 2, cachedTokens: 0 },
    timing: { latencyMs: 120, firstTokenMs: 40, loadMs: undefined },
  });
};

const refused: Script = () => ({
  kind: "unavailable",
  reason: "connection",
  status: undefined,
  message: "example.test: nothing listens there: start the server, or correct OPENAI_BASE_URL",
  retryAfterMs: undefined,
  body: undefined,
});

const failsOnSome: Script = (request, options, call) =>
  rowOf(options.trial?.example) % 5 === 1 && options.trial?.layout === "standard"
    ? { kind: "unavailable", reason: "server", status: 500, message: "500 boom", retryAfterMs: undefined, body: "boom" }
    : betterSandwich(request, options, call);

/** Says in what it judges by equality with the right answer; everybody else answers as above. */
const judgedByEquality: Script = (request, options, call) => {
  if (options.trial !== undefined) return betterSandwich(request, options, call);
  const items = [...(request.messages.at(-1)?.content ?? "").matchAll(/^\{"id".*$/gm)].map(
    ([line]) => JSON.parse(line) as { readonly id: number; readonly answer: string; readonly reference: string },
  );
  const scores = items.map(({ id, answer, reference }) => ({
    id,
    reason: answer === reference ? "the same" : `not ${reference}`,
    score: answer === reference ? 5 : 2,
  }));
  return answered(JSON.stringify(scores), {
    usage: { promptTokens: 100 + 20 * items.length, completionTokens: 10 * items.length, cachedTokens: 0 },
    timing: { latencyMs: 300, firstTokenMs: 100, loadMs: undefined },
  });
};

const recorded = Array.from({ length: 12 }, (_, row) =>
  ["standard", "sandwich"]
    .map((layout) =>
      JSON.stringify({
        example: `r${row}`,
        layout,
        model: "gpt-3.5-turbo",
        output: labelOf(row % 4 === 3 && layout === "standard" ? row + 1 : row),
        prompt_tokens: 80,
        completion_tokens: 2,
        latency_ms: 640,
      }),
    )
    .join("\n"),
).join("\n");

const cases: readonly Case[] = [
  { name: "full", options: { rows: 40, more: "sampling: { mode: full }\n" } },
  {
    name: "adaptive",
    ahead: true,
    options: { rows: 300, more: "sampling: { mode: adaptive, equivalence: 0.02, seed: 1 }\n" },
  },
  { name: "fixed", options: { rows: 60, more: "sampling: { mode: fixed, initial: 10, max: 20 }\n" } },
  {
    name: "replay",
    options: { rows: 12, model: "replay:outputs.jsonl", more: "sampling: { mode: full }\n" },
    files: { "outputs.jsonl": `${recorded}\n` },
  },
  {
    name: "budgetStop",
    options: { rows: 40, more: "sampling: { mode: full }\nlimits: { maxCalls: 30 }\n" },
    flags: ["-j", "1"],
  },
  { name: "providerDown", options: { rows: 40 }, flags: ["-j", "2"], script: refused },
  {
    name: "providerFailing",
    options: { rows: 20, more: "sampling: { mode: full }\nlimits: { retries: 0 }\n" },
    script: failsOnSome,
  },
  {
    name: "judged",
    options: {
      rows: 24,
      more: `scoring: [{ type: judge, model: "scripted:judge", rubric: Equal is good., scale: 1..5, perCall: 4 }]
sampling: { mode: full }
`,
    },
    flags: ["-j", "1"],
    script: judgedByEquality,
  },
];

const open: CliFolder[] = [];
afterEach(async () => {
  for (const opened of open.splice(0)) await opened.close();
});

describe("a whole run", () => {
  it.each(cases.map((one) => [one.name, one] as const))("is as it was: %s", async (name, one) => {
    const opened = await openCliFolder();
    open.push(opened);
    const { spec, data } = colours(one.options);
    await opened.write("colours.layout.yaml", spec);
    await opened.write("data.csv", data);
    for (const [file, text] of Object.entries(one.files ?? {})) await opened.write(file, text);
    opened.script(one.script ?? betterSandwich);
    const flags = one.flags ?? [];
    const shown = await opened.run("run", "colours.layout.yaml", ...flags);
    const document = await opened.run("run", "colours.layout.yaml", "--json", "--no-cache", ...flags);
    expect(document.code).toBe(shown.code);
    const transcript = [
      section("the experiment", spec),
      section(`the terminal: exit ${shown.code}`, shown.stdout),
      section("said beside it", shown.stderr),
      section("events", (await eventsOf(opened, one)).join("\n")),
      section("--json", JSON.stringify(lasting(JSON.parse(document.stdout)), null, 2)),
    ].join("\n");
    const text = stable(transcript, opened.folder);
    await expect(one.ahead ? withoutTokens(text) : text).toMatchFileSnapshot(`${name}.golden.txt`);
  });

  it("is held as files without anything of this machine", async () => {
    for (const { name } of cases) {
      const text = await readFile(path.join(import.meta.dirname, `${name}.golden.txt`), "utf8");
      expect(text).not.toMatch(/\/tmp\/|\d{8}-\d{6}-[0-9a-f]{4}/);
    }
  });
});

/** The run's events without those that only say how far it is. */
async function eventsOf(opened: CliFolder, one: Case): Promise<readonly string[]> {
  const engine = await openEngine({
    store: ":memory:",
    env: {},
    clock: systemClock,
    host: { key: async () => undefined },
    version: "0.0.0-test",
    roots: undefined,
    providers: { scripted: async () => scriptedProvider({ script: one.script ?? betterSandwich }) },
  });
  const lines: string[] = [];
  engine.on("run", (event) => {
    const line = lineOf(event);
    if (line !== undefined) lines.push(line);
  });
  const concurrency = one.flags === undefined ? {} : { concurrency: Number(one.flags[1]) };
  const { run } = await engine.start({ file: path.join(opened.folder, "colours.layout.yaml"), options: concurrency });
  await engine.finished(run);
  await engine.close();
  return lines;
}

function lineOf(event: RunEvent): string | undefined {
  switch (event.kind) {
    case "started":
      return `started: ${event.view.trialsPlanned} trials, ${event.view.variants.map((one) => one.id).join(", ")}`;
    case "decided":
      return `${event.decision.kind} at row ${event.decision.row}: ${event.decision.reason}`;
    case "warning":
      return `warning: ${event.message}`;
    case "ended":
      return `ended: ${event.summary.status}, ${event.summary.stopped.kind}: ${event.summary.stopped.reason}`;
    default:
      return undefined;
  }
}

function section(title: string, text: string): string {
  return `──── ${title} ────\n${text.trimEnd()}\n`;
}

/** The tokens of answers that came after the decision are counted too. */
function withoutTokens(text: string): string {
  return text
    .replaceAll(/"(prompt|completion|tokensPerCorrect)": [\d.]+/g, '"$1": N')
    .replaceAll(/(\[[\d.]+, [\d.]+\]) +\d+/g, "$1  N");
}

/** Members of the document that go by time or by how far the queue was ahead: only that they are there. */
const passing = new Set(["durationMs", "queue", "metrics", "sent", "succeeded", "tokensPerSecond", "callsPerSecond"]);

function lasting(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lasting);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, passing.has(name) ? namesOf(member) : lasting(member)]),
  );
}

function namesOf(value: unknown): string {
  return typeof value === "object" && value !== null ? Object.keys(value).join(", ") : "N";
}

/** Ids and times made the same. */
function stable(text: string, folder: string): string {
  return text
    .replaceAll(folder, "FOLDER")
    .replaceAll(/\d{8}-\d{6}-[0-9a-f]{4}/g, "RUN")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replaceAll(/^[\d,]+ calls?((?:, .*)?), [\d.]+ m?s\./gm, "N calls$1, TIME.");
}

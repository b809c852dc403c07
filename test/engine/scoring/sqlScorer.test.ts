import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import type { SlowScorer } from "../../../src/engine/metrics/scorers/scorer.ts";
import { ProcessPool } from "../../../src/engine/scoring/processPool.ts";
import { type SqlOptions, sqlScorer } from "../../../src/engine/scoring/sqlScorer.ts";
import { input } from "../metrics/scorers/input.ts";

const endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c";

let folder: string;
let file: string;
let pool: ProcessPool;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "layoutlab-sql-"));
  file = path.join(folder, "shop.sqlite");
  const database = new DatabaseSync(file);
  database.exec("PRAGMA journal_mode = WAL; CREATE TABLE item (id INTEGER, name TEXT, price REAL)");
  const insert = database.prepare("INSERT INTO item VALUES (?, ?, ?)");
  for (let i = 0; i < 200; i++) insert.run(i, `item ${i}`, i / 3);
  database.close();
  pool = new ProcessPool({ size: 10, clock: systemClock });
});

afterAll(async () => {
  pool.close();
  await rm(folder, { recursive: true, force: true });
});

const fingerprint = () => createHash("sha256").update(readFileSync(file)).digest("hex");

function scorer(options: Partial<SqlOptions> = {}): SlowScorer {
  return sqlScorer(
    "sql",
    { database: "shop.sqlite", timeout: 10_000, order: "auto", ...options },
    pool,
    async (name) => (name === "shop.sqlite" ? { file } : { trouble: `${name} does not exist` }),
  );
}

async function judged(predicted: string, expected: string | undefined, of = scorer(), fields = {}) {
  const score = await of.judge(input(predicted, expected, { fields }), {
    signal: new AbortController().signal,
    group: "",
    coming: () => false,
  });
  if (score.kind === "withdrawn") throw new Error("withdrawn");
  return `${score.kind === "scored" ? score.value : "-"} ${score.note.kind}${score.note.detail === undefined ? "" : `: ${score.note.detail}`}`;
}

describe("a pair of queries", () => {
  it.each([
    ["SELECT name FROM item WHERE id < 3", "SELECT name FROM item WHERE id IN (0, 1, 2)", "1 right"],
    ["SELECT id FROM item ORDER BY id DESC", "SELECT id FROM item", "1 right"],
    [
      "SELECT id FROM item ORDER BY id DESC",
      "SELECT id FROM item ORDER BY id",
      "0 wrongResult: the order differs from row 1 on",
    ],
    ["SELECT count(*) FROM item", "SELECT 201", /^0 wrongResult: the rows differ/],
    ["SELECT nme FROM item", "SELECT name FROM item", "0 queryError: no such column: nme"],
    ["DELETE FROM item", "SELECT 1", "0 refused: DELETE would do more than read"],
    ["SELECT 1; DROP TABLE item", "SELECT 1", "0 refused: the first of 2 statements; 2 statements where one may run"],
    ["ATTACH 'other.db' AS other", "SELECT 1", "0 refused: ATTACH would do more than read"],
    ["PRAGMA user_version = 3", "SELECT 1", "0 refused: PRAGMA would do more than read"],
    [
      "WITH a AS (SELECT 1) INSERT INTO item SELECT 1, 'x', 2 FROM a",
      "SELECT 1",
      "0 refused: WITH would do more than read",
    ],
    ["SELECT load_extension('x')", "SELECT 1", /^0 queryError: not authorized/],
    [
      "SELECT a.id, b.id, c.id FROM item a, item b, item c",
      "SELECT 1",
      "0 tooLarge: the result has more than 100000 rows",
    ],
    ["SELECT 1", "SELECT nme FROM item", "- unscored: the expected query failed: no such column: nme"],
    ["SELECT 1", undefined, "- unscored: the row has no expected query"],
    ["SELECT id, id FROM item WHERE id = 1", "SELECT 1, 1", "1 right"],
    ["SELECT 9007199254740993", "SELECT 9007199254740993", "1 right"],
  ])("%s / %s", async (predicted, expected, says) => {
    const before = fingerprint();
    if (typeof says === "string") expect(await judged(predicted, expected)).toBe(says);
    else expect(await judged(predicted, expected)).toMatch(says);
    expect(fingerprint()).toBe(before);
  });

  it("may be held to the order, or freed from it", async () => {
    const [ascending, descending] = ["SELECT id FROM item ORDER BY id", "SELECT id FROM item ORDER BY id DESC"];
    expect(await judged(descending, ascending, scorer({ order: "ignore" }))).toBe("1 right");
    expect(await judged(descending, "SELECT id FROM item", scorer({ order: "strict" }))).toContain("the order differs");
  });

  it("runs against the database its row names", async () => {
    const of = scorer({ database: "{{db}}.sqlite" });
    expect(await judged("SELECT 1", "SELECT 1", of, { db: "shop" })).toBe("1 right");
    expect(await judged("SELECT 1", "SELECT 1", of, { db: "none" })).toBe("- unscored: none.sqlite does not exist");
  });

  it("is taken back when nobody needs it any more", async () => {
    const abort = new AbortController();
    const scoring = scorer().judge(input(endless, "SELECT 1"), {
      signal: abort.signal,
      group: "",
      coming: () => false,
    });
    setTimeout(() => abort.abort(), 200);
    expect(await scoring).toEqual({ kind: "withdrawn" });
  });
});

it("scores 100 pairs, one of them endless and one that writes, and leaves the database as it was", async () => {
  const before = fingerprint();
  const names = readdirSync(folder);
  const of = scorer({ timeout: 6000 });
  const results = await Promise.all(
    Array.from({ length: 100 }, (_, i) => {
      if (i === 37) return judged(endless, "SELECT 1", of);
      if (i === 62) return judged("INSERT INTO item VALUES (1, 'x', 1)", "SELECT 1", of);
      return judged(`SELECT name FROM item WHERE id = ${i}`, `SELECT name FROM item WHERE id = ${i} LIMIT 1`, of);
    }),
  );
  expect(results.filter((each) => each === "1 right")).toHaveLength(98);
  expect(results[37]).toBe("0 timedOut: it took longer than 6 s");
  expect(results[62]).toBe("0 refused: INSERT would do more than read");
  expect(fingerprint()).toBe(before);
  expect(readdirSync(folder)).toEqual(names);
}, 60_000);

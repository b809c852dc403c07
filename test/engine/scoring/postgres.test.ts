import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { withoutSecrets } from "../../../src/engine/scoring/process/postgres.ts";
import { ProcessPool } from "../../../src/engine/scoring/processPool.ts";
import { sqlScorer } from "../../../src/engine/scoring/sqlScorer.ts";
import { type PostgresServer, startPostgres } from "../../support/postgres.ts";
import { input } from "../metrics/scorers/input.ts";

let server: PostgresServer | undefined;
let pool: ProcessPool;

beforeAll(async () => {
  pool = new ProcessPool({ size: 3, clock: systemClock });
  server = await startPostgres();
  if (server === undefined) return;
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query("CREATE TABLE item (id int, name text, price numeric(8,2), sold boolean)");
  await client.query("INSERT INTO item SELECT i, 'item ' || i, i / 4.0, i % 2 = 0 FROM generate_series(1, 50) i");
  await client.end();
}, 60_000);

afterAll(async () => {
  pool.close();
  await server?.stop();
});

async function judged(
  predicted: string,
  expected: string,
  database = server?.url ?? "",
  timeout = 20_000,
): Promise<string> {
  const scorer = sqlScorer("sql", { database, timeout, order: "auto" }, pool, async () => ({ trouble: "no file" }));
  const how = { signal: new AbortController().signal, group: "", coming: () => false };
  const score = await scorer.judge(input(predicted, expected), how);
  if (score.kind === "withdrawn") throw new Error("withdrawn");
  return `${score.kind === "scored" ? score.value : "-"} ${score.note.kind}${score.note.detail === undefined ? "" : `: ${score.note.detail}`}`;
}

describe("a PostgreSQL server", () => {
  it.each([
    ["SELECT id FROM item WHERE sold", "SELECT id FROM item WHERE id % 2 = 0", "1 right"],
    ["SELECT avg(price) FROM item", "SELECT sum(price)::float / count(*) FROM item", "1 right"],
    ["SELECT sold FROM item WHERE id = 2", "SELECT 1", "1 right"],
    [
      "SELECT id FROM item ORDER BY id DESC",
      "SELECT id FROM item ORDER BY id",
      "0 wrongResult: the order differs from row 1 on",
    ],
    ["SELECT nme FROM item", "SELECT 1", '0 queryError: column "nme" does not exist'],
    ["DELETE FROM item", "SELECT 1", "0 refused: DELETE would do more than read"],
    ["WITH gone AS (DELETE FROM item RETURNING id) SELECT id FROM gone", "SELECT 1", /^0 (refused|queryError): /],
    ["SELECT nextval('pg_catalog.nothing')", "SELECT 1", /^0 queryError: /],
    ["SELECT * FROM generate_series(1, 10000000)", "SELECT 1", "0 tooLarge: the result has more than 100000 rows"],
    ["SELECT 1", "SELECT nme FROM item", '- unscored: the expected query failed: column "nme" does not exist'],
  ])("%s / %s", async (predicted, expected, says) => {
    if (server === undefined) return skipped();
    const result = await judged(predicted, expected);
    if (typeof says === "string") expect(result).toBe(says);
    else expect(result).toMatch(says);
    expect(await judged("SELECT count(*) FROM item", "SELECT 50")).toBe("1 right");
  });

  it("stops a query that takes too long, and goes on", async () => {
    if (server === undefined) return skipped();
    expect(await judged("SELECT pg_sleep(30)", "SELECT 1", server.url, 2_000)).toBe(
      "0 timedOut: the query took too long",
    );
    expect(await judged("SELECT 1", "SELECT 1")).toBe("1 right");
  });

  it("never shows its password, whatever goes wrong", async () => {
    if (server === undefined) return skipped();
    const wrong = server.url.replace(server.password, "another%2Fsecret");
    const closed = server.url.replace(/:\d+\//, ":1/");
    for (const url of [wrong, closed]) {
      const said = await judged("SELECT 1", "SELECT 1", url);
      expect(said).toMatch(/^- unscored: the database cannot be opened/);
      expect(said).not.toMatch(/another|secret|s3cret/);
    }
  });
});

it("an address and its password are taken out of messages", () => {
  const url = "postgres://lab:p%40ss@host/db";
  expect(withoutSecrets(`cannot reach ${url}; password p@ss or p%40ss`, url)).toBe(
    "cannot reach the database; password … or …",
  );
});

function skipped(): void {
  process.stderr.write("skipped: PostgreSQL is not installed\n");
}

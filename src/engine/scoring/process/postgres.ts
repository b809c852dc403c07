import pg from "pg";
import { messageOf } from "../../../base/errors.ts";
import type { Cell } from "../resultSets.ts";
import { QueryFailure, type ReadOnlyDatabase, resultMeter } from "./queries.ts";
import { onlyQuery } from "./sqlite.ts";

/** Codes of PostgreSQL for a query that was stopped, and for one that would write. */
const cancelled = "57014";
const readOnly = "25006";

/** Types that are numbers and come as text: int8, int2, int4, float4, float8, numeric, oid, money is none. */
const numeric: ReadonlySet<number> = new Set([20, 21, 23, 26, 700, 701, 1700]);
const truth = 16;

/**
 * A server that is only read: each query runs in a read-only transaction that is taken back, under the server's own time limit.
 * Messages hold nothing of the address.
 */
export async function openPostgres(url: string): Promise<ReadOnlyDatabase> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "layoutlab",
    connectionTimeoutMillis: 15_000,
  });
  let broken: string | undefined;
  client.on("error", (error) => {
    broken = withoutSecrets(messageOf(error), url);
  });
  try {
    await client.connect();
  } catch (error) {
    throw new Error(withoutSecrets(messageOf(error), url));
  }
  return {
    async query(sql, timeoutMs) {
      const only = onlyQuery(sql);
      if (broken !== undefined) throw new QueryFailure("queryError", broken);
      try {
        await client.query("BEGIN TRANSACTION READ ONLY");
        await client.query(`SET LOCAL statement_timeout = ${Math.ceil(timeoutMs)}`);
        // A cursor, so that an endless result is read no further than it may be.
        await client.query(`DECLARE layoutlab_cursor NO SCROLL CURSOR FOR ${only}`);
        const measure = resultMeter();
        const rows: Cell[][] = [];
        for (;;) {
          const page = await client.query<string[]>({
            text: "FETCH 1000 FROM layoutlab_cursor",
            rowMode: "array",
            types: { getTypeParser: () => (value: string) => value },
          });
          const types = page.fields.map((field) => field.dataTypeID);
          for (const found of page.rows) {
            const row = found.map((value, i) => cellOf(value, types[i] ?? 0));
            measure(row);
            rows.push(row);
          }
          if (page.rows.length < 1000) return { columns: page.fields.length, rows };
        }
      } catch (error) {
        if (error instanceof QueryFailure) throw error;
        throw failureOf(error, url);
      } finally {
        // A connection whose transaction still stands must not take another query.
        await client.query("ROLLBACK").catch((error: unknown) => {
          broken ??= withoutSecrets(messageOf(error), url);
        });
      }
    },
  };
}

function failureOf(error: unknown, url: string): QueryFailure {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const message = withoutSecrets(messageOf(error), url);
  if (code === cancelled) return new QueryFailure("timedOut", "the query took too long");
  if (code === readOnly) return new QueryFailure("refused", message);
  return new QueryFailure("queryError", message);
}

/** Drivers may quote what they were given. */
export function withoutSecrets(message: string, url: string): string {
  let clean = message.replaceAll(url, "the database");
  for (const secret of secretsOf(url)) clean = clean.replaceAll(secret, "…");
  return clean;
}

function secretsOf(url: string): readonly string[] {
  try {
    const { password } = new URL(url);
    return password === "" ? [] : [password, decodeURIComponent(password)];
  } catch {
    return [];
  }
}

function cellOf(value: string | null, type: number): Cell {
  if (value === null) return null;
  if (type === truth) return value === "t" ? 1 : 0;
  if (!numeric.has(type)) return value;
  const number = Number(value);
  return Number.isInteger(number) && !Number.isSafeInteger(number) && /^-?\d+$/.test(value) ? BigInt(value) : number;
}

import { UserError } from "../../base/errors.ts";
import type { StoreContext } from "./context.ts";
import { packed } from "./packing.ts";
import type { Row, Value } from "./sqlite.ts";
import type { DecisionRecord, ExampleRecord, RunRecord, RunStatus, RunTable } from "./store.ts";
import { sweepBodies } from "./sweep.ts";
import { bytes, longText, maybeLongText, maybeNumber, maybeText, number, orNull, text } from "./values.ts";
import { Where } from "./where.ts";

/** Rows of a dataset written in one commit. */
const chunk = 2000;

export class SqliteRuns implements RunTable {
  readonly #context: StoreContext;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  create(run: RunRecord): Promise<void> {
    return this.#context.commits.write(() => {
      this.#context.connection.run(
        `INSERT INTO run (id, name, file, created_at, ended_at, status, stop_reason, owner, dataset_hash, models, variants,
          scorers, settings, experiment, verdict, summary, row_order) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        run.id,
        run.name,
        run.file,
        Math.round(run.createdAt),
        run.endedAt === undefined ? null : Math.round(run.endedAt),
        run.status,
        orNull(run.stopReason),
        orNull(run.owner),
        run.datasetHash,
        JSON.stringify(run.models),
        JSON.stringify(run.variants),
        JSON.stringify(run.scorers),
        JSON.stringify(run.settings),
        packed(run.experiment),
        packedOrNull(run.verdict),
        packedOrNull(run.summary),
        new Uint8Array(run.order.buffer, run.order.byteOffset, run.order.byteLength),
      );
    });
  }

  update(id: string, change: Parameters<RunTable["update"]>[1]): Promise<void> {
    return this.#context.commits.write(() => {
      const columns: string[] = [];
      const values: Value[] = [];
      const set = (column: string, value: Value) => {
        columns.push(`${column} = ?`);
        values.push(value);
      };
      if (change.status !== undefined) set("status", change.status);
      if ("endedAt" in change) set("ended_at", change.endedAt === undefined ? null : Math.round(change.endedAt));
      if ("stopReason" in change) set("stop_reason", orNull(change.stopReason));
      if ("verdict" in change) set("verdict", packedOrNull(change.verdict));
      if ("summary" in change) set("summary", packedOrNull(change.summary));
      if ("owner" in change) set("owner", orNull(change.owner));
      if (change.experiment !== undefined) set("experiment", packed(change.experiment));
      if (change.variants !== undefined) set("variants", JSON.stringify(change.variants));
      if (change.settings !== undefined) set("settings", JSON.stringify(change.settings));
      if (columns.length === 0) return;
      const changed = this.#context.connection.run(`UPDATE run SET ${columns.join(", ")} WHERE id = ?`, ...values, id);
      if (changed === 0) throw noRun(id);
    });
  }

  get(id: string): Promise<RunRecord | undefined> {
    return this.#context.read(() => {
      const row = this.#context.connection.get("SELECT * FROM run WHERE id = ?", id);
      return row && runOf(row);
    });
  }

  list(filter: Parameters<RunTable["list"]>[0] = {}): Promise<readonly RunRecord[]> {
    return this.#context.read(() => {
      const where = new Where().andGiven("file = ?", filter.file).andGiven("status = ?", filter.status);
      if (filter.prefix !== undefined) where.and("substr(id, 1, length(?)) = ?", filter.prefix, filter.prefix);
      return this.#context.connection
        .all(
          `SELECT * FROM run WHERE ${where.sql} ORDER BY created_at DESC, key DESC LIMIT ?`,
          ...where.values,
          filter.limit ?? -1,
        )
        .map(runOf);
    });
  }

  delete(id: string): Promise<void> {
    return this.#context.commits.write(() => {
      const { connection, registry } = this.#context;
      const row = connection.get("SELECT key, dataset_hash FROM run WHERE id = ?", id);
      if (row === undefined) return;
      const key = number(row["key"]);
      for (const table of ["request_input", "request_result"]) {
        connection.run(`DELETE FROM ${table} WHERE request IN (SELECT id FROM request WHERE run = ?)`, key);
      }
      for (const table of [
        "request",
        "trial",
        "decision",
        "template",
        "request_count",
        "variant_total",
        "gpu_sample",
      ]) {
        connection.run(`DELETE FROM ${table} WHERE run = ?`, key);
      }
      connection.run("DELETE FROM run WHERE key = ?", key);
      const hash = text(row["dataset_hash"]);
      if (connection.get("SELECT 1 FROM run WHERE dataset_hash = ?", hash) === undefined) {
        connection.run("DELETE FROM example WHERE dataset IN (SELECT key FROM dataset WHERE hash = ?)", hash);
        connection.run("DELETE FROM dataset WHERE hash = ?", hash);
      }
      sweepBodies(connection);
      registry.announceSweep();
      this.#context.requestsChanged();
    });
  }

  async putExamples(datasetHash: string, examples: readonly ExampleRecord[]): Promise<void> {
    for (let from = 0; from < examples.length; from += chunk) {
      await this.#context.commits.write(() => {
        const { connection } = this.#context;
        connection.run("INSERT OR IGNORE INTO dataset (hash) VALUES (?)", datasetHash);
        const dataset = number(connection.get("SELECT key FROM dataset WHERE hash = ?", datasetHash)?.["key"]);
        for (const example of examples.slice(from, from + chunk)) {
          connection.run(
            "INSERT OR IGNORE INTO example VALUES (?, ?, ?, ?, ?, ?, ?)",
            dataset,
            example.index,
            example.id,
            example.row,
            example.line,
            orNull(example.expected),
            JSON.stringify(example.fields),
          );
        }
      });
    }
  }

  examples(datasetHash: string, rows: readonly number[]): Promise<readonly ExampleRecord[]> {
    return this.#context.read(() =>
      this.#context.connection
        .all(
          `SELECT example.* FROM json_each(?) AS wanted
            CROSS JOIN example ON example.dataset = (SELECT key FROM dataset WHERE hash = ?) AND example.position = wanted.value
            ORDER BY wanted.key`,
          JSON.stringify(rows),
          datasetHash,
        )
        .map((row) => ({
          index: number(row["position"]),
          id: text(row["id"]),
          row: number(row["row"]),
          line: number(row["line"]),
          expected: maybeText(row["expected"]),
          fields: JSON.parse(text(row["fields"])),
        })),
    );
  }

  addDecisions(run: string, decisions: readonly DecisionRecord[]): Promise<void> {
    return this.#context.commits.write(() => {
      const key = this.#context.registry.run(run);
      if (key === undefined) throw noRun(run);
      for (const decision of decisions) {
        // A resumed run takes its decisions again; they are the same ones.
        this.#context.connection.run(
          `INSERT INTO decision (run, model, sequence, row, variant, kind, reason, numbers, at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run, model, sequence) DO NOTHING`,
          key,
          decision.model,
          decision.sequence,
          decision.row,
          orNull(decision.variant),
          decision.kind,
          decision.reason,
          JSON.stringify(decision.numbers),
          Math.round(decision.at),
        );
      }
    });
  }

  clearDecisions(run: string): Promise<void> {
    return this.#context.commits.write(() => {
      this.#context.connection.run("DELETE FROM decision WHERE run = ?", this.#context.registry.run(run) ?? -1);
    });
  }

  decisions(run: string): Promise<readonly DecisionRecord[]> {
    return this.#context.read(() =>
      this.#context.connection
        .all("SELECT * FROM decision WHERE run = (SELECT key FROM run WHERE id = ?) ORDER BY id", run)
        .map((row) => ({
          sequence: number(row["sequence"]),
          model: text(row["model"]),
          row: number(row["row"]),
          variant: maybeText(row["variant"]),
          kind: text(row["kind"]),
          reason: text(row["reason"]),
          numbers: JSON.parse(text(row["numbers"])),
          at: number(row["at"]),
        })),
    );
  }
}

export function noRun(id: string): UserError {
  return new UserError("store.noRun", `there is no run ${id} in the store`, "it may have been deleted; start it again");
}

function packedOrNull(value: string | undefined): Value {
  return value === undefined ? null : packed(value);
}

const runStatuses: readonly RunStatus[] = ["running", "finished", "stopped", "interrupted", "failed"];

function runOf(row: Row): RunRecord {
  const status = runStatuses.find((known) => known === row["status"]);
  if (status === undefined) throw new TypeError(`unknown run status ${String(row["status"])}`);
  return {
    id: text(row["id"]),
    name: text(row["name"]),
    file: text(row["file"]),
    createdAt: number(row["created_at"]),
    endedAt: maybeNumber(row["ended_at"]),
    status,
    stopReason: maybeText(row["stop_reason"]),
    experiment: longText(row["experiment"]),
    datasetHash: text(row["dataset_hash"]),
    models: JSON.parse(text(row["models"])),
    variants: JSON.parse(text(row["variants"])),
    scorers: JSON.parse(text(row["scorers"])),
    order: orderOf(bytes(row["row_order"])),
    settings: JSON.parse(text(row["settings"])),
    verdict: maybeLongText(row["verdict"]),
    summary: maybeLongText(row["summary"]),
    owner: maybeText(row["owner"]),
  };
}

/** Row numbers from their stored bytes; copied, as the bytes need not stand at a multiple of four. */
export function orderOf(stored: Uint8Array): Uint32Array {
  return new Uint32Array(stored.slice().buffer);
}

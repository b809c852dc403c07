import type { Connection } from "./sqlite.ts";
import { number, text } from "./values.ts";

/**
 * Deletes texts that nothing refers to any more; how many. The caller announces the sweep in the same transaction, as other
 * processes may remember the numbers that went.
 */
export function sweepBodies(connection: Connection): number {
  connection.exec("CREATE TEMP TABLE IF NOT EXISTS used (body INTEGER PRIMARY KEY)");
  connection.exec("DELETE FROM temp.used");
  for (const row of connection.all("SELECT skeleton FROM template")) {
    const shapes: readonly (readonly (string | number)[])[] = JSON.parse(text(row["skeleton"]));
    for (const shape of shapes) {
      for (let i = 2; i < shape.length; i += 2) {
        connection.run("INSERT OR IGNORE INTO temp.used VALUES (?)", number(shape[i] as number));
      }
    }
  }
  connection.run("INSERT OR IGNORE INTO temp.used SELECT prediction_body FROM trial WHERE prediction_body IS NOT NULL");
  connection.run("INSERT OR IGNORE INTO temp.used SELECT expected_body FROM trial WHERE expected_body IS NOT NULL");
  return connection.run("DELETE FROM body WHERE id NOT IN (SELECT body FROM temp.used)");
}

/** Deletes templates that no request is made from; how many. */
export function sweepTemplates(connection: Connection): number {
  return connection.run("DELETE FROM template WHERE id NOT IN (SELECT DISTINCT template FROM request)");
}

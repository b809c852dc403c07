import { afterEach, expect, it, vi } from "vitest";
import { UserError } from "../../../src/base/errors.ts";
import { Connection } from "../../../src/engine/store/sqlite.ts";
import { alwaysRight, openLab, type TestLab } from "../../support/engine.ts";

let lab: TestLab | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await lab?.close();
});

it("ends with one line when the disk is full, and goes on once there is room", async () => {
  const executed = vi.spyOn(Connection.prototype, "exec");
  lab = await openLab({ rows: 300, more: "sampling: { mode: full }\n" });
  let full = true;
  const engine = await lab.open((request, options, call) => {
    const connection = executed.mock.contexts[0];
    if (!(connection instanceof Connection)) throw new Error("no connection was opened");
    if (call === 40 && full) {
      const pages = Number(connection.get("PRAGMA page_count")?.["page_count"]);
      connection.exec(`PRAGMA max_page_count = ${pages}`);
    }
    return alwaysRight(request, options, call);
  });
  const { run } = await engine.start({ file: lab.file, options: { cache: false } });
  const trouble: unknown = await engine.finished(run).catch((error: unknown) => error);
  expect(trouble).toBeInstanceOf(UserError);
  expect(trouble).toMatchObject({ code: "store.diskFull" });
  const asked = lab.asked.length;
  expect(asked).toBeLessThan(600);

  full = false;
  const connection = executed.mock.contexts[0];
  if (connection instanceof Connection) connection.exec("PRAGMA max_page_count = 1073741823");
  await engine.resume({ run });
  const summary = await engine.finished(run);
  expect(summary.status).toBe("finished");
  expect(summary.variants.map((variant) => variant.trials)).toEqual([300, 300]);
});

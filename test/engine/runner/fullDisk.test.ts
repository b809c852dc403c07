import { afterEach, expect, it, vi } from "vitest";
import { UserError } from "../../../src/base/errors.ts";
import { seededRandom } from "../../../src/base/random.ts";
import { Connection } from "../../../src/engine/store/sqlite.ts";
import { alwaysRight, labelOf, openLab, rowOf, type TestLab } from "../../support/engine.ts";

let lab: TestLab | undefined;

/** The connection of the store under test, which the spy on it saw. */
function connectionOf({ mock }: { readonly mock: { readonly contexts: readonly unknown[] } }): Connection {
  const connection = mock.contexts[0];
  if (!(connection instanceof Connection)) throw new Error("no connection was opened");
  return connection;
}

/** From now on the file may not grow. */
function fill(connection: Connection): void {
  const pages = Number(connection.get("PRAGMA page_count")?.["page_count"]);
  connection.exec(`PRAGMA max_page_count = ${pages}`);
}

const makeRoom = (connection: Connection) => connection.exec("PRAGMA max_page_count = 1073741823");

afterEach(async () => {
  vi.restoreAllMocks();
  await lab?.close();
});

it("ends with one line when the disk is full, and goes on once there is room", async () => {
  const executed = vi.spyOn(Connection.prototype, "exec");
  lab = await openLab({ rows: 300, more: "sampling: { mode: full }\n" });
  let full = true;
  const engine = await lab.open((request, options, call) => {
    if (call === 40 && full) fill(connectionOf(executed));
    return alwaysRight(request, options, call);
  });
  const { run } = await engine.start({ file: lab.file, options: { cache: false } });
  const trouble: unknown = await engine.finished(run).catch((error: unknown) => error);
  expect(trouble).toBeInstanceOf(UserError);
  expect(trouble).toMatchObject({ code: "store.diskFull" });
  const asked = lab.asked.length;
  expect(asked).toBeLessThan(600);

  full = false;
  makeRoom(connectionOf(executed));
  await engine.resume({ run });
  const summary = await engine.finished(run);
  expect(summary.status).toBe("finished");
  expect(summary.variants.map((variant) => variant.trials)).toEqual([300, 300]);
});

it("ends with one line when the disk is full as a judge's answer is stored, and judges the rest once there is room", async () => {
  const executed = vi.spyOn(Connection.prototype, "exec");
  const more = `scoring: [{ type: judge, model: "scripted:judge", rubric: Equal is good., perCall: 4 }]
sampling: { mode: full }
`;
  lab = await openLab({ rows: 30, more });
  let calls = 0;
  let full = true;
  const judged: string[] = [];
  const answered: string[] = [];
  const engine = await lab.open(async (request, { trial }) => {
    if (trial !== undefined) {
      answered.push(`${trial.layout}/${trial.example}`);
      // Wrong here and there, so that the two layouts have different answers judged.
      const row = rowOf(trial.example);
      return labelOf(trial.layout === "sandwich" ? row + 1 : row);
    }
    const items = [...(request.messages.at(-1)?.content ?? "").matchAll(/^\{"id".*$/gm)].map(
      ([line]) => JSON.parse(line) as { readonly id: number; readonly input: object; readonly answer: string },
    );
    calls += 1;
    const lost = calls >= 5 && full;
    if (calls === 5 && full) {
      // What the first four calls judged is stored, so that what finds no room is known.
      const stored = async () =>
        (await engine.trials({ filter: { run }, sort: "position", descending: false, limit: 1 })).total;
      await expect.poll(stored).toBe(16);
      fill(connectionOf(executed));
    }
    if (!lost) judged.push(...items.map(({ input, answer }) => JSON.stringify([input, answer])));
    // No page that is left holds an answer as long as this.
    const reason = lost ? incompressible(200_000) : "equal";
    return JSON.stringify(items.map(({ id }) => ({ id, reason, score: 1 })));
  });
  const { run } = await engine.start({ file: lab.file, options: { concurrency: 1 } });
  const trouble: unknown = await engine.finished(run).catch((error: unknown) => error);
  expect(trouble).toBeInstanceOf(UserError);
  expect(trouble).toMatchObject({ code: "store.diskFull" });
  expect(calls).toBeGreaterThanOrEqual(5);

  full = false;
  makeRoom(connectionOf(executed));
  await engine.resume({ run });
  const summary = await engine.finished(run);
  expect(summary.status).toBe("finished");
  expect(summary.variants.map(({ trials, accuracy }) => [trials, accuracy])).toEqual([
    [30, 1],
    [30, 1],
  ]);
  expect(summary.judging?.judges).toMatchObject([{ judged: 60, unscored: 0 }]);
  // Nothing that was stored is asked for or judged again: only the request whose answer found no room.
  expect(new Set(judged).size).toBe(judged.length);
  expect(answered.length - new Set(answered).size).toBeLessThanOrEqual(1);
});

/** Text that no compression makes shorter. */
function incompressible(length: number): string {
  const random = seededRandom("noise");
  return Array.from({ length: length / 10 }, () => random().toString(36).slice(2, 12).padEnd(10, "0")).join("");
}

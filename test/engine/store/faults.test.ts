import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { UserError } from "../../../src/base/errors.ts";
import { openStore } from "../../../src/engine/store/openStore.ts";
import { Connection } from "../../../src/engine/store/sqlite.ts";
import type { Store } from "../../../src/engine/store/store.ts";
import { HandClock } from "../../support/contracts/store.ts";
import { aCompletion, aRequest, aRun, aTrial } from "../../support/contracts/storeRows.ts";

describe("a store in trouble", () => {
  let folder: string;
  let file: string;
  let clock: HandClock;
  const open = (busyTimeoutMs = 5000) => openStore(file, { clock, busyTimeoutMs });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "layoutlab-faults-"));
    file = join(folder, "store.db");
    clock = new HandClock();
    clock.time = Date.UTC(2026, 10, 21);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What a promise was rejected with, which must be something the person can act on. */
  async function troubleOf(promise: Promise<unknown>): Promise<UserError> {
    const error = await promise.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof UserError)) throw new Error(`expected a UserError, got ${error}`);
    expect(error.action).not.toBe("");
    expect(error.line).not.toContain("\n");
    return error;
  }

  async function fill(store: Store, trials: number): Promise<void> {
    await store.runs.create(aRun({ order: Uint32Array.from({ length: trials }, (_, i) => i) }));
    for (let n = 0; n < trials; n += 500) {
      const some = Array.from({ length: 500 }, (_, i) => n + i);
      await Promise.all(some.map((i) => store.requests.record(aRequest(i), aCompletion(), [aTrial(i)])));
    }
  }

  it("says that a full disk is full, keeps what it had, and goes on when there is room", async () => {
    const connections = vi.spyOn(Connection.prototype, "exec");
    const store = await open();
    const connection = connections.mock.contexts[0];
    if (!(connection instanceof Connection)) throw new Error("no connection was opened");
    await fill(store, 500);
    const pages = Number(connection.get("PRAGMA page_count")?.["page_count"]);
    connection.exec(`PRAGMA max_page_count = ${pages + 5}`);
    const big = (n: number) =>
      store.requests.record(aRequest(n), aCompletion({ rawResponse: noise(200_000) }), [aTrial(n + 1000)]);
    const results = await Promise.allSettled([big(1), store.state.set("small", "write", "fits"), big(2)]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "rejected"]);
    expect((await troubleOf(big(3))).code).toBe("store.diskFull");
    expect(await store.trials.count({ run: "run-1" })).toBe(500);
    expect((await store.trials.aggregates("run-1"))[0]?.trials).toBe(500);
    connection.exec("PRAGMA max_page_count = 1073741823");
    await big(4);
    expect(await store.trials.count({ run: "run-1" })).toBe(501);
    await store.close();
    expect(check(file)).toBe("ok");
  });

  it("says that another program holds the lock, and goes on once it lets go", async () => {
    const store = await open(40);
    const other = new DatabaseSync(file);
    other.exec("BEGIN IMMEDIATE");
    const writes = [store.state.set("a", "1", "x"), store.state.set("a", "2", "x")].map(troubleOf);
    const later: Promise<UserError>[] = [];
    for (let ms = 0; ms < 80; ms++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      clock.pass(1);
      if (ms === 20) later.push(troubleOf(store.state.set("a", "3", "x")));
    }
    for (const trouble of await Promise.all([...writes, ...later])) expect(trouble.code).toBe("store.locked");
    // Reading needs no lock.
    expect(await store.state.list("a")).toEqual(new Map());
    other.exec("ROLLBACK");
    await store.state.set("a", "4", "x");
    expect([...(await store.state.list("a")).keys()]).toEqual(["4"]);

    // What was asked for before the end is still written when the lock comes free in time, and named when it does not.
    other.exec("BEGIN IMMEDIATE");
    const last = troubleOf(store.state.set("a", "5", "x"));
    await store.close();
    expect((await last).code).toBe("store.locked");
    other.close();
  });

  it("keeps a damaged file aside, names it, and starts anew only the next time", async () => {
    const garbage = Buffer.alloc(9000, "not a database ");
    writeFileSync(file, garbage);
    const trouble = await troubleOf(open());
    expect(trouble.code).toBe("store.corrupt");
    expect(trouble.message).toContain(`${file}.corrupt-2026-11-21`);
    expect(existsSync(file)).toBe(false);
    expect(readFileSync(`${file}.corrupt-2026-11-21`)).toEqual(garbage);

    const store = await open();
    await store.state.set("a", "b", "c");
    await store.close();
    writeFileSync(file, garbage);
    expect((await troubleOf(open())).message).toContain("corrupt-2026-11-21-2");
    expect(readFileSync(`${file}.corrupt-2026-11-21`)).toEqual(garbage);
    expect(readFileSync(`${file}.corrupt-2026-11-21-2`)).toEqual(garbage);
  });

  it("does the same when the damage shows later", async () => {
    const before = await open();
    await fill(before, 3000);
    await before.close();
    const content = readFileSync(file);
    content.fill(0xa5, 40 * 4096);
    writeFileSync(file, content);

    const store = await open();
    const trouble = await troubleOf(store.trials.count({ run: "run-1", outcome: "right" }));
    expect(trouble.code).toBe("store.corrupt");
    expect(readFileSync(`${file}.corrupt-2026-11-21`).subarray(40 * 4096)).toEqual(content.subarray(40 * 4096));
    // Nothing more is done with it, whatever is asked.
    expect(await troubleOf(store.state.set("a", "b", "c"))).toBe(trouble);
    expect(await troubleOf(store.runs.list())).toBe(trouble);
    await store.close();
    expect(existsSync(file)).toBe(false);

    const fresh = await open();
    expect(await fresh.runs.list()).toEqual([]);
    await fresh.close();
  });

  it("leaves a file alone that is somebody else's", async () => {
    file = join(folder, "data.csv");
    writeFileSync(file, "text,label\nhello,greeting\n");
    expect((await troubleOf(open())).code).toBe("store.foreign");
    expect(readFileSync(file, "utf8")).toBe("text,label\nhello,greeting\n");

    file = join(folder, "shop.db");
    const shop = new DatabaseSync(file);
    shop.exec("CREATE TABLE product (name TEXT)");
    shop.close();
    const before = readFileSync(file);
    expect((await troubleOf(open())).code).toBe("store.foreign");
    expect(readFileSync(file)).toEqual(before);
    expect(readdirSync(folder).sort()).toEqual(["data.csv", "shop.db"]);
  });

  it("takes an empty file for a new store", async () => {
    writeFileSync(file, "");
    const store = await open();
    await store.state.set("a", "b", "c");
    await store.close();
    expect(statSync(file).size).toBeGreaterThan(0);
  });

  it("refuses a store of a newer version and does not touch it", async () => {
    await (await open()).close();
    const database = new DatabaseSync(file);
    database.exec("PRAGMA user_version = 999");
    database.close();
    const before = readFileSync(file);
    const trouble = await troubleOf(open());
    expect(trouble.code).toBe("store.newer");
    expect(trouble.line).toContain("update Layout Lab");
    expect(readFileSync(file)).toEqual(before);
  });

  it.runIf(process.platform !== "win32")("says that a place cannot be written", () => {
    chmodSync(folder, 0o755);
    const script = fileURLToPath(new URL("./child.ts", import.meta.url));
    const openAsNobody = (path: string) =>
      execFileSync(process.execPath, [script, "openAsNobody", path], { encoding: "utf8" }).trim();

    const closed = join(folder, "closed");
    mkdirSync(closed);
    file = join(closed, "store.db");
    const seed = new DatabaseSync(file);
    seed.close();
    chmodSync(file, 0o444);
    chmodSync(closed, 0o555);
    expect(openAsNobody(file)).toMatch(/^store\.readOnly .*cannot be written: give yourself write access/);
    expect(openAsNobody(join(closed, "new.db"))).toMatch(/^store\.cannotOpen .*cannot be opened/);
    expect(openAsNobody(join(closed, "deeper", "new.db"))).toMatch(/^store\.cannotOpen .*cannot be made/);
    chmodSync(closed, 0o755);
  });

  it("does without a write-ahead log where there can be none, and says so", async () => {
    const get = Connection.prototype.get;
    vi.spyOn(Connection.prototype, "get").mockImplementation(function (this: Connection, sql, ...values) {
      // What SQLite answers on a file system without shared memory.
      return get.call(this, sql.replace("journal_mode = WAL", "journal_mode = DELETE"), ...values);
    });
    const store = await open();
    expect(store.warnings).toHaveLength(1);
    expect(store.warnings[0]).toContain("slower");
    await fill(store, 500);
    expect(existsSync(`${file}-wal`)).toBe(false);
    await store.close();
    vi.restoreAllMocks();
    const again = await open();
    expect(again.warnings).toEqual([]);
    expect(await again.trials.count({ run: "run-1" })).toBe(500);
    await again.close();
  });

  it("names the version of a Node without SQLite", async () => {
    vi.resetModules();
    const { getBuiltinModule } = process;
    process.getBuiltinModule = (() => undefined) as typeof process.getBuiltinModule;
    try {
      const { openStore: openHere } = await import("../../../src/engine/store/openStore.ts");
      await expect(openHere(file, { clock })).rejects.toMatchObject({
        code: "store.noSqlite",
        message: expect.stringContaining(process.version),
      });
    } finally {
      process.getBuiltinModule = getBuiltinModule;
    }
  });

  it("says in one line that PostgreSQL is not there yet, without the password", async () => {
    const trouble = await troubleOf(openStore("postgres://me:secret@host/db", { clock }));
    expect(trouble.code).toBe("store.noPostgres");
    expect(trouble.line).not.toContain("secret");
  });

  it("takes a response of 10 MB", async () => {
    const store = await open();
    await store.runs.create(aRun());
    const raw = noise(10_000_000);
    const id = await store.requests.record(aRequest(1), aCompletion({ rawResponse: raw }), [aTrial(0)]);
    expect((await store.requests.get(id))?.rawResponse).toBe(raw);
    await store.close();
  });

  it("leaves nothing of a write that fails half-way", async () => {
    const store = await open();
    await store.runs.create(aRun());
    const [id = 0] = await store.requests.enqueue([aRequest(1)]);
    // A position that is no integer is a bug; the table refuses it after the request was already marked as ended.
    const broken = aTrial(0.5);
    await expect(store.requests.complete(id, aCompletion(), { trials: [aTrial(1), broken] })).rejects.toThrow();
    expect(await store.requests.get(id)).toMatchObject({ state: "pending" });
    expect(await store.trials.count({ run: "run-1" })).toBe(0);
    expect((await store.requests.stats()).byStatus).toMatchObject({ pending: 1, completed: 0 });
    await store.close();
  });
});

/** Text that does not compress. */
function noise(length: number): string {
  let text = "";
  let state = 12345;
  while (text.length < length) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    text += state.toString(36);
  }
  return text.slice(0, length);
}

function check(file: string): unknown {
  const database = new DatabaseSync(file);
  const result = database.prepare("PRAGMA integrity_check").get()?.["integrity_check"];
  database.close();
  return result;
}

import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { EngineClient, EngineStopped } from "../../src/vscode/engine/engineClient.ts";

const script = path.join(import.meta.dirname, "scriptedWorker.mjs");
const open: EngineClient[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

/** A client whose every thread is opened on another store, so that a test can tell them apart. */
function client() {
  const crashes: { readonly message: string; readonly again: boolean }[] = [];
  const events: string[] = [];
  let opened = 0;
  const newStore = () => {
    const store = `store ${++opened}`;
    events.push(`open ${store}`);
    return store;
  };
  const engine = new EngineClient({
    script,
    host: { key: async () => undefined },
    editorModels: { list: async () => [], ask: async () => ({ kind: "cancelled" }) },
    settings: async () => ({
      store: newStore(),
      env: {},
      version: "0",
      roots: [],
      prices: {},
      alerts: {},
      cacheBytes: 1,
      editorCalls: 1,
      trusted: true,
    }),
    log: (_, message) => events.push(message),
    crashed: (error, again) => crashes.push({ message: error.message, again }),
  });
  open.push(engine);
  return { engine, crashes, events, opened: () => opened };
}

const storeOf = async (engine: EngineClient) => (await engine.request("doctor", {})) as unknown;

describe("the engine's thread", () => {
  it("starts with the first request and serves the next ones", async () => {
    const { engine, opened } = client();
    expect(opened()).toBe(0);
    await Promise.all([storeOf(engine), storeOf(engine)]);
    expect(await storeOf(engine)).toMatchObject({ store: "store 1" });
    expect(opened()).toBe(1);
  });

  it("is replaced once after a crash; requests under way fail quietly, listeners stay", async () => {
    const { engine, crashes } = client();
    const runs: string[] = [];
    engine.on("run", (event) => runs.push(event.kind));
    const unanswered = engine.request("runs", {});
    const stopped = engine.request("stop", { run: "r", now: true });
    await expect(unanswered).rejects.toBeInstanceOf(EngineStopped);
    await expect(stopped).rejects.toBeInstanceOf(EngineStopped);
    expect(crashes).toEqual([{ message: "the worker fell over", again: true }]);
    expect(await storeOf(engine)).toMatchObject({ store: "store 2" });
    await engine.request("start", { file: "f", options: {} });
    expect(runs).toEqual(["started"]);
  });

  it("is not replaced a second time in a short while, until its settings change", async () => {
    const { engine, crashes } = client();
    for (const _ of [1, 2]) await engine.request("stop", { run: "r", now: true }).catch(() => {});
    expect(crashes.map((crash) => crash.again)).toEqual([true, false]);
    await expect(storeOf(engine)).rejects.toThrow(/stopped twice/);
    engine.renew();
    expect(await storeOf(engine)).toMatchObject({ store: "store 3" });
  });

  it("is opened anew after a change of settings, but not under a run", async () => {
    const { engine } = client();
    await engine.request("start", { file: "f", options: {} });
    engine.renew();
    expect(await storeOf(engine)).toMatchObject({ store: "store 1" });
    await engine.request("deleteRun", { run: "r1" });
    expect(await storeOf(engine)).toMatchObject({ store: "store 2" });
  });

  it("is never open twice at once, however many requests meet the change", async () => {
    const { engine, events } = client();
    await storeOf(engine);
    engine.renew();
    const seen = await Promise.all([storeOf(engine), storeOf(engine), storeOf(engine)]);
    for (const each of seen) expect(each).toMatchObject({ store: "store 2" });
    expect(events).toEqual(["open store 1", "closing store 1", "closed store 1", "open store 2"]);
  });

  it("is prepared before it serves anything else", async () => {
    const { engine } = client();
    engine.onPrepare(async (ask) => {
      await ask("simulator", { start: true, port: 1 });
    });
    expect(await storeOf(engine)).toMatchObject({ asked: ["simulator", "doctor"] });
    engine.renew();
    const [first, second] = await Promise.all([storeOf(engine), storeOf(engine)]);
    expect(first).toMatchObject({ store: "store 2", asked: ["simulator", "doctor"] });
    expect(second).toMatchObject({ store: "store 2", asked: ["simulator", "doctor", "doctor"] });
  });

  it("takes no more requests once it is closed", async () => {
    const { engine, opened } = client();
    await storeOf(engine);
    await engine.close();
    await expect(storeOf(engine)).rejects.toBeInstanceOf(EngineStopped);
    expect(opened()).toBe(1);
  });
});

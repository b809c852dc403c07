import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { exportLines, importLines } from "../../../src/engine/cache/transfer.ts";
import { openStore } from "../../../src/engine/store/openStore.ts";
import type { CacheEntry, Store } from "../../../src/engine/store/store.ts";
import { anAnswer } from "../../support/contracts/cache.ts";
import { HandClock } from "../../support/contracts/store.ts";

const entry = (n: number, text = `answer ${n}`): CacheEntry => ({
  key: `1:${String(n).padStart(40, "0")}`,
  model: "openai:gpt",
  experiment: 'my "intents"',
  answer: JSON.stringify(anAnswer(text)),
});

describe("a cache as a file", () => {
  let from: Store;
  let to: Store;
  beforeEach(async () => {
    from = await openStore(":memory:", { clock: new HandClock() });
    to = await openStore(":memory:", { clock: new HandClock() });
  });
  afterEach(async () => {
    await from.close();
    await to.close();
  });

  it("comes back as it went", async () => {
    const entries = Array.from({ length: 1201 }, (_, n) => entry(n));
    await from.cache.put(entries);
    const lines: string[] = [];
    for await (const line of exportLines(from.cache)) lines.push(line);
    expect(lines).toHaveLength(1201);
    for (const line of lines) expect(line.indexOf("\n")).toBe(line.length - 1);
    expect(await importLines(to.cache, lines)).toEqual({ added: 1201, known: 0, rejected: [] });
    const found: CacheEntry[] = [];
    for await (const one of to.cache.each()) found.push(one);
    expect(found).toEqual(entries);
  });

  it("keeps what it has and names the lines it cannot use", async () => {
    await to.cache.put([entry(1, "mine")]);
    const { key, ...rest } = entry(2);
    const line = (value: object) => JSON.stringify(value);
    const report = await importLines(to.cache, [
      line({ ...entry(1), answer: anAnswer("theirs") }),
      "",
      "not json",
      line({ ...rest, answer: anAnswer("no key") }),
      line({ ...rest, key: "odd", answer: anAnswer("odd key") }),
      line({ ...rest, key, answer: { kind: "cancelled" } }),
      "null",
      line({ ...rest, key, answer: anAnswer("good") }),
    ]);
    expect(report).toEqual({ added: 1, known: 1, rejected: [3, 4, 5, 6, 7] });
    expect(await to.cache.get([entry(1).key])).toEqual(new Map([[entry(1).key, entry(1, "mine").answer]]));
  });
});

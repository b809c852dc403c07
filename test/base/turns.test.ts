import { describe, expect, it } from "vitest";
import { Turns } from "../../src/base/turns.ts";

/** After each turn of the event loop, who has gone on by then; until all have. */
async function byTurn(count: number, turns = new Turns()): Promise<readonly (readonly number[])[]> {
  const gone: number[] = [];
  for (let i = 0; i < count; i++) void turns.next().then(() => gone.push(i));
  const seen: number[][] = [];
  while (gone.length < count) {
    await new Promise((resolve) => setImmediate(resolve));
    seen.push([...gone]);
  }
  return seen;
}

describe("turns of the event loop", () => {
  it("let a bunch go on one after another, in order", async () => {
    expect(await byTurn(3)).toEqual([[0], [0, 1], [0, 1, 2]]);
  });

  it("take more at a time from a backlog, so that it costs fewer turns than it has members", async () => {
    const seen = await byTurn(100);
    expect(seen.at(-1)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(seen.length).toBeLessThan(25);
    expect(seen[0]).toHaveLength(26);
  });

  it("keep no more waiting than they may", async () => {
    const seen = await byTurn(100, new Turns(8));
    expect(seen[0]).toHaveLength(92);
  });

  it("let what one of them sends leave before the next has its turn", async () => {
    const turns = new Turns();
    const seen: string[] = [];
    const go = async (name: string) => {
      await turns.next();
      // However many steps it takes to send.
      for (let i = 0; i < 20; i++) await undefined;
      seen.push(`${name} sends`);
      setImmediate(() => seen.push(`${name} leaves`));
    };
    await Promise.all([go("a"), go("b"), go("c")]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual(["a sends", "a leaves", "b sends", "b leaves", "c sends", "c leaves"]);
  });

  it("begin anew after they were empty", async () => {
    const turns = new Turns();
    await turns.next();
    await turns.next();
    let gone = false;
    const third = turns.next().then(() => {
      gone = true;
    });
    expect(gone).toBe(false);
    await third;
    expect(gone).toBe(true);
  });
});

import { describe, expect, it } from "vitest";
import { Claims } from "../../../src/engine/runner/claims.ts";
import { VirtualClock } from "../../support/virtualClock.ts";

/** A table that gives away what nobody has, and notes what each commit asked of it. */
function open(taken: readonly number[] = []) {
  const clock = new VirtualClock();
  const asked: number[][] = [];
  const claims = new Claims(clock, async (ids) => {
    asked.push([...ids]);
    return new Set(ids.filter((id) => !taken.includes(id)));
  });
  for (let id = 1; id <= 200; id++) claims.add(id);
  const held = () => asked.flat();
  return { clock, claims, asked, held };
}

describe("claims", () => {
  it("are made one by one while requests leave slowly", async () => {
    const { clock, claims, asked } = open();
    for (const id of [1, 2, 3, 4]) {
      expect(await claims.take(id)).toBe(true);
      await clock.advance(1000);
    }
    expect(asked).toEqual([[1], [2], [3], [4]]);
  });

  it("are made ahead, several in a commit, where requests leave quickly", async () => {
    const { clock, claims, asked, held } = open();
    for (let id = 1; id <= 100; id++) {
      expect(await claims.take(id)).toBe(true);
      await clock.advance(1);
    }
    expect(asked.length).toBeLessThan(25);
    expect(Math.max(...held()) - 100).toBeLessThanOrEqual(32);
    expect(new Set(held()).size).toBe(held().length);
  });

  it("say which row another process has", async () => {
    const { claims } = open([2]);
    expect(await claims.take(1)).toBe(true);
    expect(await claims.take(2)).toBe(false);
  });

  it("forget what is not sent any more", async () => {
    const { claims, held } = open();
    for (let id = 1; id <= 200; id++) claims.drop(id);
    claims.add(500);
    expect(await claims.take(500)).toBe(true);
    expect(held()).toEqual([500]);
  });

  it("fail where they are taken", async () => {
    const clock = new VirtualClock();
    let broken = false;
    const claims = new Claims(clock, async (ids) => {
      if (broken) throw new Error("the disk is full");
      return new Set(ids);
    });
    for (let id = 1; id <= 20; id++) claims.add(id);
    for (const id of [1, 2, 3]) await claims.take(id);
    broken = true;
    await expect(Promise.all([claims.take(15), claims.take(16)])).rejects.toThrow("the disk is full");
  });
});

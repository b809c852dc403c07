import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Follow } from "../../src/vscode/preview/follow.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Work that takes `ms` and notes whether it was stale at its end. */
function work(ms: number) {
  const ends: boolean[] = [];
  let going = 0;
  let most = 0;
  const run = async (isStale: () => boolean) => {
    most = Math.max(most, ++going);
    await new Promise((resolve) => setTimeout(resolve, ms));
    going--;
    ends.push(isStale());
  };
  return { run, ends, most: () => most };
}

describe("following the newest", () => {
  it("waits until there has been quiet", async () => {
    const { run, ends } = work(5);
    const follow = new Follow(run, () => {});
    for (let i = 0; i < 10; i++) {
      follow.soon(30);
      await vi.advanceTimersByTimeAsync(20);
    }
    expect(ends).toEqual([]);
    await vi.advanceTimersByTimeAsync(30);
    expect(ends).toEqual([false]);
  });

  it("never does two at once, calls the overtaken one stale, and ends with a fresh one", async () => {
    const { run, ends, most } = work(100);
    const follow = new Follow(run, () => {});
    follow.soon(10);
    await vi.advanceTimersByTimeAsync(20);
    follow.soon(10);
    await vi.advanceTimersByTimeAsync(20);
    follow.soon(10);
    await vi.advanceTimersByTimeAsync(500);
    expect(ends).toEqual([true, false]);
    expect(most()).toBe(1);
  });

  it("goes on after a failure, and tells it", async () => {
    const failures: unknown[] = [];
    let calls = 0;
    const follow = new Follow(
      async () => {
        if (++calls === 1) throw new Error("once");
      },
      (error) => failures.push(error),
    );
    follow.soon(0);
    await vi.advanceTimersByTimeAsync(1);
    follow.soon(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(calls).toBe(2);
    expect(failures).toHaveLength(1);
  });

  it("does nothing after its end, and calls what is under way stale", async () => {
    const { run, ends } = work(50);
    const follow = new Follow(run, () => {});
    follow.soon(0);
    await vi.advanceTimersByTimeAsync(10);
    follow.dispose();
    follow.soon(0);
    await vi.advanceTimersByTimeAsync(500);
    expect(ends).toEqual([true]);
  });
});

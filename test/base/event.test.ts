import { describe, expect, it } from "vitest";
import { DisposableStore, disposable } from "../../src/base/disposable.ts";
import { Emitter } from "../../src/base/event.ts";

describe("event", () => {
  it("keeps order when a listener fires again", () => {
    const emitter = new Emitter<number>();
    const seen: string[] = [];
    emitter.event((n) => {
      seen.push(`a${n}`);
      if (n === 1) emitter.fire(2);
    });
    emitter.event((n) => seen.push(`b${n}`));
    emitter.fire(1);
    expect(seen).toEqual(["a1", "b1", "a2", "b2"]);
  });

  it("delivers values that are undefined", () => {
    const emitter = new Emitter<void>();
    let count = 0;
    emitter.event(() => count++);
    emitter.fire();
    emitter.fire();
    expect(count).toBe(2);
  });

  it("lets a listener go, twice harmlessly, and delivers on after one throws", () => {
    const emitter = new Emitter<string>();
    const seen: string[] = [];
    const listening = emitter.event((text) => {
      if (text === "bad") throw new Error("boom");
      seen.push(text);
    });
    expect(() => emitter.fire("bad")).toThrow("boom");
    emitter.fire("good");
    listening.dispose();
    listening.dispose();
    emitter.fire("gone");
    expect(seen).toEqual(["good"]);
  });
});

describe("disposable store", () => {
  it("disposes in reverse, and at once what is added after its end", () => {
    const order: number[] = [];
    const store = new DisposableStore();
    for (const n of [1, 2]) store.add(disposable(() => order.push(n)));
    store.dispose();
    store.add(disposable(() => order.push(3)));
    expect(order).toEqual([2, 1, 3]);
  });
});

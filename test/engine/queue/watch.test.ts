import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { SignalWatch } from "../../../src/engine/queue/watch.ts";

describe("a watch of signals", () => {
  function watched() {
    const aborted: string[] = [];
    return { aborted, watch: new SignalWatch<string>((item, reason) => aborted.push(`${item}: ${String(reason)}`)) };
  }

  it("listens once for all that share a signal, until the last of them is gone", () => {
    const { watch, aborted } = watched();
    const { signal } = new AbortController();
    const held = ["a", "b", "c"].map((item) => [item, watch.add(signal, item)] as const);
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    for (const [item, one] of held) one.delete(item);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    const again = watch.add(signal, "d");
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    again.delete("d");
    expect(aborted).toEqual([]);
  });

  it("tells those that wait, each of its own signal", () => {
    const { watch, aborted } = watched();
    const [one, two] = [new AbortController(), new AbortController()];
    watch.add(one.signal, "a");
    watch.add(two.signal, "b");
    watch.add(one.signal, "c");
    const gone = watch.add(one.signal, "d");
    gone.delete("d");
    one.abort("over");
    expect(aborted).toEqual(["a: over", "c: over"]);
    two.abort("late");
    expect(aborted).toEqual(["a: over", "c: over", "b: late"]);
  });
});

import { describe, expect, it } from "vitest";
import { newestOnly } from "../../../src/webview/shared/newest.ts";

function harness() {
  const sent: { wish: number; resolve: (answer: string) => void; reject: (error: Error) => void }[] = [];
  const taken: string[] = [];
  const failed: unknown[] = [];
  const wish = newestOnly<number, string>({
    send: (asked) => new Promise((resolve, reject) => sent.push({ wish: asked, resolve, reject })),
    take: (answer) => taken.push(answer),
    fail: (error) => failed.push(error),
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { sent, taken, failed, wish, settle };
}

describe("the newest wish only", () => {
  it("sends the first at once and of those that follow only the last", async () => {
    const { sent, taken, wish, settle } = harness();
    for (const each of [1, 2, 3, 4]) wish(each);
    expect(sent.map((each) => each.wish)).toEqual([1]);
    sent[0]?.resolve("one");
    await settle();
    expect(sent.map((each) => each.wish)).toEqual([1, 4]);
    sent[1]?.resolve("four");
    await settle();
    expect(taken).toEqual(["four"]);
  });

  it("goes on after a failure, and keeps silent about one that nobody waits for any more", async () => {
    const { sent, taken, failed, wish, settle } = harness();
    wish(1);
    sent[0]?.reject(new Error("gone"));
    await settle();
    wish(2);
    wish(3);
    sent[1]?.reject(new Error("stale"));
    await settle();
    sent[2]?.resolve("three");
    await settle();
    expect(failed).toEqual([new Error("gone")]);
    expect(taken).toEqual(["three"]);
  });
});

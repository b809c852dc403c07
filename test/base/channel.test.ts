import { describe, expect, it } from "vitest";
import { Channel, portPair } from "../../src/base/channel.ts";
import { UserError } from "../../src/base/errors.ts";

interface Host {
  readonly requests: {
    readonly double: { readonly params: number; readonly result: number };
    readonly fail: { readonly params: string; readonly result: never };
  };
  readonly events: { readonly tick: number };
}
interface View {
  readonly requests: Record<string, never>;
  readonly events: Record<string, never>;
}

function pair() {
  const [a, b] = portPair();
  const host = new Channel<Host, View>(a, {
    double: (n) => n * 2,
    fail: (how) => {
      throw how === "user" ? new UserError("no-key", "no key", "add one", "f:1:2") : new Error("boom");
    },
  });
  const view = new Channel<View, Host>(b, {});
  return { host, view };
}

describe("channel", () => {
  it("answers requests, each with its own result", async () => {
    const { view } = pair();
    expect(await Promise.all([view.request("double", 2), view.request("double", 21)])).toEqual([4, 42]);
  });

  it("carries a user error with its action and place", async () => {
    const { view } = pair();
    const error = await view.request("fail", "user").catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).line).toBe("f:1:2: no key: add one");
  });

  it("rejects with the handler's error, and for a name nobody handles", async () => {
    const { host, view } = pair();
    await expect(view.request("fail", "bug")).rejects.toThrow("boom");
    await expect(host.request("toString" as never, undefined as never)).rejects.toThrow("no handler");
  });

  it("delivers events to those who listen, in order, until disposed", async () => {
    const { host, view } = pair();
    const seen: number[] = [];
    const listening = view.on("tick", (n) => seen.push(n));
    host.send("tick", 1);
    host.send("tick", 2);
    await new Promise((resolve) => setImmediate(resolve));
    listening.dispose();
    host.send("tick", 3);
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual([1, 2]);
  });

  it("settles what waits when it is closed", async () => {
    const { view } = pair();
    const waiting = view.request("double", 1);
    view.dispose();
    await expect(waiting).rejects.toThrow("channel closed");
    await expect(view.request("double", 1)).rejects.toThrow("channel closed");
  });

  it("ignores messages that are not its own", async () => {
    const [a, b] = portPair();
    const view = new Channel<View, Host>(b, {});
    a.post("hello");
    a.post({ kind: "reply", id: 99, result: 1 });
    await new Promise((resolve) => setImmediate(resolve));
    view.dispose();
  });
});

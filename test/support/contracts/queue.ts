import { describe, expect, it } from "vitest";
import type { Clock } from "../../../src/base/clock.ts";
import type { Queue, SentReply, Task } from "../../../src/engine/queue/queue.ts";
import type { Outcome } from "../../../src/engine/response/outcome.ts";
import { VirtualClock } from "../virtualClock.ts";

const answered: Outcome = {
  kind: "answered",
  text: "yes",
  toolCalls: [],
  usage: { promptTokens: 1, completionTokens: 1, cachedTokens: undefined },
  timing: { latencyMs: 1, firstTokenMs: undefined, loadMs: undefined },
  finish: "stop",
  servedModel: undefined,
  tokenConfidence: undefined,
};

const never = new AbortController().signal;

/** What every queue promises, whatever its limits are. `open` gives one that allows a single request in flight for each model's scope. */
export function queueContract(name: string, open: (clock: Clock) => Queue): void {
  describe(`${name} keeps the queue's contract`, () => {
    const setUp = () => {
      const clock = new VirtualClock();
      const queue = open(clock);
      const add = (send: Task["send"], signal = never, model = "cloud:a") =>
        queue.add({ model, run: "run", variant: "variant", tokens: 1, send }, signal);
      const answerIn =
        (ms: number, outcome: Outcome = answered) =>
        (): Promise<SentReply> =>
          new Promise((resolve) => clock.after(ms, () => resolve({ outcome })));
      return { clock, queue, add, answerIn };
    };

    it("sends once, and resolves with the reply", async () => {
      const { clock, add, answerIn } = setUp();
      const settled = await clock.until(add(answerIn(100)));
      expect(settled).toEqual({ reply: { outcome: answered }, attempts: 1, queuedMs: 0 });
    });

    it("tells how long a task waited for its slot, and not how long its send took", async () => {
      const { clock, add, answerIn } = setUp();
      const first = add(answerIn(100));
      const second = add(answerIn(100));
      await clock.until(Promise.all([first, second]));
      expect((await first).queuedMs).toBe(0);
      expect((await second).queuedMs).toBe(100);
    });

    it("settles as cancelled, without a send, what is aborted while it waits", async () => {
      const { clock, add, answerIn } = setUp();
      const stop = new AbortController();
      let sent = false;
      const first = add(answerIn(100));
      const second = add(async () => {
        sent = true;
        return { outcome: answered };
      }, stop.signal);
      await clock.advance(10);
      stop.abort();
      expect(await second).toEqual({ reply: { outcome: { kind: "cancelled" } }, attempts: 0, queuedMs: 10 });
      await clock.until(first);
      expect(sent).toBe(false);
    });

    it("does not take what was aborted before", async () => {
      const { add, answerIn } = setUp();
      expect(await add(answerIn(1), AbortSignal.abort())).toMatchObject({
        attempts: 0,
        reply: { outcome: { kind: "cancelled" } },
      });
    });

    it("passes an abort on to the send, and does not wait for it", async () => {
      const { clock, add, answerIn } = setUp();
      const stop = new AbortController();
      let seen: AbortSignal | undefined;
      const task = add(({ signal }) => {
        seen = signal;
        return new Promise(() => {});
      }, stop.signal);
      await clock.advance(10);
      expect(seen?.aborted).toBe(false);
      stop.abort(new Error("enough"));
      expect(await task).toMatchObject({ attempts: 1, reply: { outcome: { kind: "cancelled" } } });
      expect(seen?.aborted).toBe(true);
      expect((await clock.until(add(answerIn(1)))).attempts).toBe(1);
    });

    it("rejects with what a send throws, and goes on", async () => {
      const { clock, add, answerIn } = setUp();
      await expect(clock.until(add(() => Promise.reject(new Error("a bug"))))).rejects.toThrow("a bug");
      await expect(
        clock.until(
          add(() => {
            throw new Error("at once");
          }),
        ),
      ).rejects.toThrow("at once");
      expect((await clock.until(add(answerIn(1)))).attempts).toBe(1);
    });

    it("holds a paused model back, lets others go on, and resumes", async () => {
      const { clock, queue, add, answerIn } = setUp();
      queue.pause("cloud:a");
      const held = add(answerIn(10));
      const free = add(answerIn(10), never, "other:b");
      await clock.until(free);
      await clock.advance(1_000);
      expect(queue.waiting()).toEqual([{ model: "cloud:a", count: 1, reason: { kind: "paused" } }]);
      queue.resume("cloud:a");
      expect((await clock.until(held)).queuedMs).toBe(1_010);
    });

    it("is idle when nothing is in flight and nothing waits", async () => {
      const { clock, queue, add, answerIn } = setUp();
      await queue.idle();
      const tasks = [add(answerIn(10)), add(answerIn(10))];
      let idle = false;
      const waiting = queue.idle().then(() => {
        idle = true;
      });
      await clock.advance(15);
      expect(idle).toBe(false);
      await clock.until(waiting);
      await Promise.all(tasks);
    });

    it("cancels everything when it is disposed, and takes no more", async () => {
      const { clock, queue, add, answerIn } = setUp();
      const tasks = [add(answerIn(1_000)), add(answerIn(1_000))];
      await clock.advance(10);
      queue.dispose();
      tasks.push(add(answerIn(1)));
      expect((await Promise.all(tasks)).map(({ reply }) => reply.outcome.kind)).toEqual([
        "cancelled",
        "cancelled",
        "cancelled",
      ]);
      await queue.idle();
      queue.dispose();
    });
  });
}

import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { UserError } from "../../../src/base/errors.ts";
import type { ModelRequest, Provider, TrialRef } from "../../../src/engine/provider/provider.ts";
import type { Outcome } from "../../../src/engine/response/outcome.ts";

/** A provider with what it takes to try every promise of the contract on it. */
export interface ProviderWorld {
  readonly provider: Provider;
  /** A model that answers `text` to any prompt. */
  readonly model: string;
  readonly text: string;
  readonly trial?: TrialRef;
  /** Calls that left this process so far. */
  readonly sent: () => number;
  close(): Promise<void>;
}

/** A provider that calls a server. */
export interface RemoteWorld extends ProviderWorld {
  /** A model that never answers, and what the server sees of a call to it. */
  readonly hangs: {
    readonly model: string;
    readonly arrived: () => Promise<void>;
    readonly dropped: () => Promise<void>;
  };
  /** The same provider pointed at a port where nobody listens. */
  readonly unreachable: Provider;
}

export const anyRequest: Omit<ModelRequest, "model"> = {
  messages: [
    { role: "system", content: "You label messages." },
    { role: "user", content: "Where is my card?" },
  ],
  parameters: { temperature: 0 },
  responseSchema: undefined,
  tools: [],
  contextTokens: 4096,
};

/** The answered case, or a failure that shows the outcome. */
export function answeredOf(outcome: Outcome): Extract<Outcome, { kind: "answered" }> {
  if (outcome.kind !== "answered") throw new Error(`not answered: ${JSON.stringify(outcome)}`);
  return outcome;
}

/** What every provider promises, whoever answers. */
export function describeProvider(name: string, open: () => Promise<ProviderWorld>): void {
  describe(`${name} keeps the provider contract`, () => {
    let world: ProviderWorld;
    beforeEach(async () => {
      world = await open();
    });
    afterEach(() => world.close());

    const options = (signal: AbortSignal) => ({ signal, ...(world.trial === undefined ? {} : { trial: world.trial }) });
    const send = (signal: AbortSignal, model = world.model) =>
      world.provider.send({ ...anyRequest, model }, options(signal));

    it("answers with text, usage and timing", async () => {
      const { outcome } = await send(new AbortController().signal);
      const answer = answeredOf(outcome);
      expect(answer.text).toBe(world.text);
      expect(answer.finish).toBe("stop");
      expect(answer.timing.latencyMs).toBeGreaterThanOrEqual(0);
      expect(Object.keys(answer.usage).sort()).toEqual(["cachedTokens", "completionTokens", "promptTokens"]);
    });

    it("hands over growing text when asked to, and ends with the same answer", async () => {
      const seen: string[] = [];
      const { outcome } = await world.provider.send(
        { ...anyRequest, model: world.model },
        { ...options(new AbortController().signal), onText: (text) => seen.push(text) < 0 },
      );
      expect(answeredOf(outcome).text).toBe(world.text);
      for (let i = 1; i < seen.length; i++) expect(seen[i]?.startsWith(seen[i - 1] ?? "")).toBe(true);
      if (seen.length > 0) expect(seen.at(-1)).toBe(world.text);
    });

    it("declares the same facts each time", () => {
      const facts = world.provider.facts(world.model);
      expect(facts).toEqual(world.provider.facts(world.model));
      expect(facts.scope).not.toBe("");
    });

    it("sends nothing when it was aborted before", async () => {
      const { outcome } = await send(AbortSignal.abort());
      expect(outcome.kind).toBe("cancelled");
      expect(world.sent()).toBe(0);
    });

    it("tells a timeout from a cancellation", async () => {
      const { outcome } = await send(AbortSignal.abort(new DOMException("no answer within 5 ms", "TimeoutError")));
      expect(outcome).toMatchObject({ kind: "unavailable", reason: "timeout", message: "no answer within 5 ms" });
    });

    it("is not disturbed by an abort after the answer", async () => {
      const controller = new AbortController();
      const { outcome } = await send(controller.signal);
      controller.abort();
      expect(answeredOf(outcome).text).toBe(world.text);
    });

    it("leaves no listener on a signal that serves many calls", async () => {
      const { signal } = new AbortController();
      for (let i = 0; i < 20; i++) await send(signal);
      expect(getEventListeners(signal, "abort").length).toBeLessThanOrEqual(1);
    });

    it("answers many calls at once, each its own", async () => {
      const { signal } = new AbortController();
      const replies = await Promise.all(Array.from({ length: 40 }, () => send(signal)));
      expect(replies.map(({ outcome }) => outcome.kind)).toEqual(Array(40).fill("answered"));
    });

    it("says that a model is unknown instead of failing", async () => {
      const { outcome } = await send(new AbortController().signal, "no-such-model");
      expect(outcome).toMatchObject({ kind: "rejected", reason: "notFound" });
      expect(outcome.kind === "rejected" && outcome.message).toContain("no-such-model");
    });

    it("lists its models", async () => {
      await send(new AbortController().signal);
      const models = await world.provider.models(new AbortController().signal);
      expect(models.map(({ id }) => id)).toContain(world.model);
    });

    it("can be closed twice", async () => {
      await world.provider.close();
      await world.provider.close();
    });
  });
}

/** What every provider promises that calls a server. */
export function describeRemoteProvider(name: string, open: () => Promise<RemoteWorld>): void {
  describeProvider(name, open);
  describe(`${name} keeps the provider contract over the network`, () => {
    let world: RemoteWorld;
    beforeEach(async () => {
      world = await open();
    });
    afterEach(() => world.close());

    it("drops the connection when it is aborted while waiting", async () => {
      const controller = new AbortController();
      const reply = world.provider.send({ ...anyRequest, model: world.hangs.model }, { signal: controller.signal });
      await world.hangs.arrived();
      controller.abort();
      expect((await reply).outcome.kind).toBe("cancelled");
      await world.hangs.dropped();
    });

    it("drops a stream when it is aborted while waiting", async () => {
      const controller = new AbortController();
      const request = { ...anyRequest, model: world.hangs.model };
      const reply = world.provider.send(request, { signal: controller.signal, onText: () => false });
      await world.hangs.arrived();
      controller.abort(new DOMException("no answer within 9 ms", "TimeoutError"));
      expect((await reply).outcome).toMatchObject({ kind: "unavailable", reason: "timeout" });
      await world.hangs.dropped();
    });

    it("ends calls under way when it is closed", async () => {
      const { signal } = new AbortController();
      const reply = world.provider.send({ ...anyRequest, model: world.hangs.model }, { signal });
      await world.hangs.arrived();
      await world.provider.close();
      expect((await reply).outcome).toMatchObject({ kind: "unavailable", reason: "connection" });
    });

    it("reports a server that cannot be reached as an outcome, and to a lister as an error", async () => {
      const { unreachable } = world;
      const { signal } = new AbortController();
      const { outcome } = await unreachable.send({ ...anyRequest, model: world.model }, { signal });
      expect(outcome).toMatchObject({ kind: "unavailable", reason: "connection" });
      await expect(unreachable.models(signal)).rejects.toBeInstanceOf(UserError);
      await unreachable.close();
    });
  });
}

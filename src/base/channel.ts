import { type Disposable, disposable } from "./disposable.ts";
import { messageOf, UserError } from "./errors.ts";

/** Anything that can post a message: a worker, a webview, a test pair. */
export interface Port {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): Disposable;
}

/** What one end offers: requests it answers, events it sends. */
export interface Side {
  readonly requests: Readonly<Record<string, { readonly params: unknown; readonly result: unknown }>>;
  readonly events: Readonly<Record<string, unknown>>;
}

export type Handlers<S extends Side> = {
  readonly [K in keyof S["requests"]]: (
    params: S["requests"][K]["params"],
  ) => Promise<S["requests"][K]["result"]> | S["requests"][K]["result"];
};

type Envelope =
  | { readonly kind: "request"; readonly id: number; readonly name: string; readonly params: unknown }
  | { readonly kind: "reply"; readonly id: number; readonly result: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly error: WireError }
  | { readonly kind: "event"; readonly name: string; readonly payload: unknown };

interface WireError {
  readonly message: string;
  readonly stack: string | undefined;
  /** Set when the person can fix it, so that it arrives as a `UserError`. */
  readonly user: { readonly code: string; readonly action: string; readonly where: string | undefined } | undefined;
}

/**
 * Typed request, reply or error, and event between two ends. The same class serves panels, the engine's worker and tests;
 * each pair's vocabulary is two `Side` types. A request always settles: with the result, with the handler's error, or with an
 * error when the channel is disposed first.
 */
export class Channel<Mine extends Side, Theirs extends Side> implements Disposable {
  readonly #port: Port;
  readonly #handlers: Handlers<Mine>;
  readonly #waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  readonly #listeners = new Map<string, Set<(payload: never) => void>>();
  readonly #subscription: Disposable;
  #nextId = 1;
  #disposed = false;

  constructor(port: Port, handlers: Handlers<Mine>) {
    this.#port = port;
    this.#handlers = handlers;
    this.#subscription = port.onMessage((message) => this.#receive(message));
  }

  request<K extends keyof Theirs["requests"] & string>(
    name: K,
    params: Theirs["requests"][K]["params"],
  ): Promise<Theirs["requests"][K]["result"]> {
    if (this.#disposed) return Promise.reject(new Error(`channel closed before ${name}`));
    const id = this.#nextId++;
    const settled = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#post({ kind: "request", id, name, params });
    return settled as Promise<Theirs["requests"][K]["result"]>;
  }

  send<K extends keyof Mine["events"] & string>(name: K, payload: Mine["events"][K]): void {
    if (!this.#disposed) this.#post({ kind: "event", name, payload });
  }

  on<K extends keyof Theirs["events"] & string>(name: K, listener: (payload: Theirs["events"][K]) => void): Disposable {
    const set = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, set);
    set.add(listener);
    return disposable(() => set.delete(listener));
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#subscription.dispose();
    for (const { reject } of this.#waiting.values()) reject(new Error("channel closed"));
    this.#waiting.clear();
    this.#listeners.clear();
  }

  #post(envelope: Envelope): void {
    this.#port.post(envelope);
  }

  #receive(message: unknown): void {
    if (!isEnvelope(message)) return;
    switch (message.kind) {
      case "request":
        void this.#answer(message.id, message.name, message.params);
        return;
      case "reply":
        this.#take(message.id)?.resolve(message.result);
        return;
      case "failure":
        this.#take(message.id)?.reject(fromWire(message.error));
        return;
      case "event":
        for (const listener of [...(this.#listeners.get(message.name) ?? [])]) listener(message.payload as never);
    }
  }

  #take(id: number) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  async #answer(id: number, name: string, params: unknown): Promise<void> {
    try {
      const handler = Object.hasOwn(this.#handlers, name) ? this.#handlers[name as keyof Mine["requests"]] : undefined;
      if (!handler) throw new Error(`no handler for ${name}`);
      const result = await handler(params);
      if (!this.#disposed) this.#post({ kind: "reply", id, result });
    } catch (error) {
      if (!this.#disposed) this.#post({ kind: "failure", id, error: toWire(error) });
    }
  }
}

function isEnvelope(message: unknown): message is Envelope {
  return typeof message === "object" && message !== null && "kind" in message && typeof message.kind === "string";
}

function toWire(error: unknown): WireError {
  return {
    message: messageOf(error),
    stack: error instanceof Error ? error.stack : undefined,
    user: error instanceof UserError ? { code: error.code, action: error.action, where: error.where } : undefined,
  };
}

function fromWire(wire: WireError): Error {
  if (wire.user) return new UserError(wire.user.code, wire.message, wire.user.action, wire.user.where);
  const error = new Error(wire.message);
  if (wire.stack) error.stack = wire.stack;
  return error;
}

/** Two connected ports in one process; messages are cloned as a real boundary would. */
export function portPair(): readonly [Port, Port] {
  const listeners: [Set<(m: unknown) => void>, Set<(m: unknown) => void>] = [new Set(), new Set()];
  const side = (own: 0 | 1): Port => ({
    post(message) {
      const copy = structuredClone(message);
      queueMicrotask(() => {
        for (const listener of [...listeners[own === 0 ? 1 : 0]]) listener(copy);
      });
    },
    onMessage(listener) {
      listeners[own].add(listener);
      return disposable(() => listeners[own].delete(listener));
    },
  });
  return [side(0), side(1)];
}

import { Channel } from "../../../src/base/channel.ts";
import type { ResultsHost, ResultsView } from "../../../src/protocol/resultsPanel.ts";
import type { PanelWire } from "./wire.ts";

declare global {
  /** Given to the page by a bench: a real engine in the process that drives the browser. */
  var askEngine: (name: string, params: unknown) => Promise<unknown>;
}

/** Passes every request on to a real engine outside of the page. */
export function openEngineHost(wire: PanelWire) {
  const pass = (name: string | symbol) => (params: unknown) => globalThis.askEngine(String(name), params ?? null);
  const handlers = new Proxy({} as ConstructorParameters<typeof Channel<ResultsHost, ResultsView>>[1], {
    get: (_, name) => pass(name),
    getOwnPropertyDescriptor: (_, name) => ({ configurable: true, enumerable: true, value: pass(name) }),
  });
  new Channel<ResultsHost, ResultsView>(wire.port, handlers);
  return { asked: wire.asked };
}

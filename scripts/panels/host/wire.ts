import type { Port } from "../../../src/base/channel.ts";
import { disposable } from "../../../src/base/disposable.ts";

export interface PanelWire {
  /** The host's end. */
  readonly port: Port;
  /** What `acquireVsCodeApi()` gives the panel; its state lives in the tab's session, as a webview's does in its window. */
  readonly api: {
    postMessage(message: unknown): void;
    getState(): unknown;
    setState(state: unknown): void;
  };
  /** Requests the panel made, oldest first. */
  readonly asked: { readonly name: string; readonly params: unknown }[];
}

/** The two ends of a webview's wire in one page; messages are cloned and come a task later, as across a real boundary. */
export function wire(): PanelWire {
  const listeners = new Set<(message: unknown) => void>();
  const asked: { name: string; params: unknown }[] = [];
  const key = `state of ${location.pathname}`;
  return {
    asked,
    port: {
      post(message) {
        window.postMessage(message, location.origin);
      },
      onMessage(listener) {
        listeners.add(listener);
        return disposable(() => listeners.delete(listener));
      },
    },
    api: {
      postMessage(message) {
        const copy = structuredClone(message) as { kind?: string; name?: string; params?: unknown };
        if (copy.kind === "request") asked.push({ name: copy.name ?? "", params: copy.params });
        setTimeout(() => {
          for (const listener of listeners) listener(copy);
        });
      },
      getState: () => JSON.parse(sessionStorage.getItem(key) ?? "null") as unknown,
      setState: (state) => sessionStorage.setItem(key, JSON.stringify(state)),
    },
  };
}

import { Channel, type Handlers, type Port, type Side } from "../../base/channel.ts";
import { disposable } from "../../base/disposable.ts";
import { SavedState } from "./savedState.ts";

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** What a panel has of the world: the editor's side, and what it remembers over a reload. */
export interface Surface<Mine extends Side, Theirs extends Side, State extends object> {
  readonly channel: Channel<Mine, Theirs>;
  readonly state: SavedState<State>;
}

/** Connects this page with the editor. May be called once, as the editor hands out its API once. */
export function openSurface<Mine extends Side, Theirs extends Side, State extends object>(
  handlers: Handlers<Mine>,
  initial: State,
): Surface<Mine, Theirs, State> {
  const api = acquireVsCodeApi();
  const port: Port = {
    post: (message) => api.postMessage(message),
    onMessage(listener) {
      const onMessage = (event: MessageEvent) => listener(event.data);
      window.addEventListener("message", onMessage);
      return disposable(() => window.removeEventListener("message", onMessage));
    },
  };
  return { channel: new Channel(port, handlers), state: new SavedState(api, initial) };
}

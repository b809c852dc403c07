import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../base/disposable.ts";
import { contextKeys } from "./contributions.ts";
import type { EngineClient } from "./engine/engineClient.ts";
import { showTrouble } from "./trouble.ts";

/** The simulator of this window. It lives in the engine's thread; when that is started anew, so is it, at the same port. */
export class Simulator implements Disposable {
  readonly #engine: EngineClient;
  readonly #store = new DisposableStore();
  #port: number | undefined;

  constructor(engine: EngineClient, log: vscode.LogOutputChannel) {
    this.#engine = engine;
    this.#store.add(
      engine.onStart(() => {
        if (this.#port === undefined) return;
        // The thread's own start waits for nobody.
        setTimeout(() => this.start().catch((error: unknown) => showTrouble(error, log)));
      }),
    );
  }

  /** Its address; it is started when it is not up. */
  async start(): Promise<string> {
    const { url } = await this.#engine.request("simulator", {
      start: true,
      ...(this.#port === undefined ? {} : { port: this.#port }),
    });
    if (url === undefined) throw new Error("the simulator started without an address");
    this.#port = Number(new URL(url).port);
    await vscode.commands.executeCommand("setContext", contextKeys.simulating, true);
    return url.replace(/\/$/, "");
  }

  async stop(): Promise<void> {
    this.#port = undefined;
    await this.#engine.request("simulator", { start: false });
    await vscode.commands.executeCommand("setContext", contextKeys.simulating, false);
  }

  dispose(): void {
    this.#store.dispose();
  }
}

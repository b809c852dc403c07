import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../base/disposable.ts";
import { Emitter } from "../base/event.ts";
import type { Ask, EngineClient } from "./engine/engineClient.ts";
import { showTrouble } from "./trouble.ts";

export interface LocalServerOptions {
  readonly engine: EngineClient;
  readonly log: vscode.LogOutputChannel;
  /** True in the editor's `when` clauses while it is up. */
  readonly contextKey: string;
  /** The engine's request for it. */
  readonly request: "simulator" | "batchServer";
}

/** A server of this window. It lives in the engine's thread; when that is started anew, so is it, at the same port. */
export class LocalServer implements Disposable {
  readonly #options: LocalServerOptions;
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new Emitter<string | undefined>());
  #up: { readonly url: string; readonly port: number; readonly models: readonly string[] | undefined } | undefined;

  /** Its address when it has come up, undefined when it has gone. */
  readonly onChange = this.#changed.event;

  constructor(options: LocalServerOptions) {
    this.#options = options;
    this.#store.add(
      // A run that the new thread is asked for may send to it.
      options.engine.onPrepare((ask) => this.#revive(ask)),
    );
  }

  /** Its address while it is up. */
  get url(): string | undefined {
    return this.#up?.url;
  }

  /** Its address; it is started when it is not up. */
  async start(models?: readonly string[]): Promise<string> {
    const { engine, request, contextKey } = this.#options;
    const { url: given } = await engine.request(request, {
      start: true,
      ...(this.#up === undefined ? {} : { port: this.#up.port }),
      ...(models === undefined ? {} : { models }),
    });
    if (given === undefined) throw new Error("the server started without an address");
    const url = given.replace(/\/$/, "");
    this.#up = { url, port: Number(new URL(url).port), models };
    await vscode.commands.executeCommand("setContext", contextKey, true);
    this.#changed.fire(url);
    return url;
  }

  async stop(): Promise<void> {
    const { engine, request } = this.#options;
    this.#up = undefined;
    await engine.request(request, { start: false });
    await this.#gone();
  }

  async #revive(ask: Ask): Promise<void> {
    if (this.#up === undefined) return;
    const { port, models } = this.#up;
    try {
      await ask(this.#options.request, { start: true, port, ...(models === undefined ? {} : { models }) });
    } catch (error) {
      this.#up = undefined;
      await this.#gone();
      void showTrouble(error, this.#options.log);
    }
  }

  async #gone(): Promise<void> {
    await vscode.commands.executeCommand("setContext", this.#options.contextKey, false);
    this.#changed.fire(undefined);
  }

  dispose(): void {
    this.#store.dispose();
  }
}

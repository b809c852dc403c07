import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../base/disposable.ts";
import { Emitter } from "../base/event.ts";
import type { EngineClient } from "./engine/engineClient.ts";
import { showTrouble } from "./trouble.ts";

interface Asked {
  readonly start: boolean;
  readonly port?: number;
  readonly models?: readonly string[];
}

export interface LocalServerOptions {
  readonly engine: EngineClient;
  readonly log: vscode.LogOutputChannel;
  /** True in the editor's `when` clauses while it is up. */
  readonly contextKey: string;
  ask(p: Asked): Promise<{ readonly url: string | undefined }>;
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
      options.engine.onStart(() => {
        if (this.#up === undefined) return;
        // The thread's own start waits for nobody.
        setTimeout(() => this.start(this.#up?.models).catch((error: unknown) => showTrouble(error, options.log)));
      }),
    );
  }

  /** Its address while it is up. */
  get url(): string | undefined {
    return this.#up?.url;
  }

  /** Its address; it is started when it is not up. */
  async start(models?: readonly string[]): Promise<string> {
    const { url: given } = await this.#options.ask({
      start: true,
      ...(this.#up === undefined ? {} : { port: this.#up.port }),
      ...(models === undefined ? {} : { models }),
    });
    if (given === undefined) throw new Error("the server started without an address");
    const url = given.replace(/\/$/, "");
    this.#up = { url, port: Number(new URL(url).port), models };
    await vscode.commands.executeCommand("setContext", this.#options.contextKey, true);
    this.#changed.fire(url);
    return url;
  }

  async stop(): Promise<void> {
    this.#up = undefined;
    await this.#options.ask({ start: false });
    await vscode.commands.executeCommand("setContext", this.#options.contextKey, false);
    this.#changed.fire(undefined);
  }

  dispose(): void {
    this.#store.dispose();
  }
}

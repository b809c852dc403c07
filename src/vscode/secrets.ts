import type * as vscode from "vscode";

/** Providers that take a key, with what a person calls them. */
export const keyProviders: Readonly<Record<string, string>> = {
  openai: "OpenAI, or a server that speaks its protocol",
  ollama: "Ollama's cloud models",
};

/** Keys of providers, in the editor's encrypted storage and nowhere else. */
export class Keys {
  readonly #secrets: vscode.SecretStorage;

  constructor(secrets: vscode.SecretStorage) {
    this.#secrets = secrets;
  }

  async get(provider: string): Promise<string | undefined> {
    return this.#secrets.get(idOf(provider));
  }

  async set(provider: string, key: string): Promise<void> {
    await this.#secrets.store(idOf(provider), key);
  }

  async remove(provider: string): Promise<void> {
    await this.#secrets.delete(idOf(provider));
  }

  /** Providers that have one. */
  async present(): Promise<readonly string[]> {
    const names = Object.keys(keyProviders);
    const keys = await Promise.all(names.map((name) => this.get(name)));
    return names.filter((_, i) => keys[i] !== undefined);
  }
}

function idOf(provider: string): string {
  return `layoutlab.key.${provider}`;
}

import type { Clock } from "../../base/clock.ts";
import { didYouMean } from "../../base/didYouMean.ts";
import { type Disposable, disposable } from "../../base/disposable.ts";
import { UserError } from "../../base/errors.ts";
import type { Fetch } from "./http.ts";
import { type Provider, splitModelId } from "./provider.ts";

/** What providers need from the world. */
export interface ProviderDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** The key for a provider, undefined when there is none. Asked before each call, so that a new key counts at once. */
  readonly keys: (provider: string) => Promise<string | undefined>;
  /** The host's own fetch for remote services, when it knows proxies and certificates that Node does not. */
  readonly fetch?: Fetch;
  /** What paths in model ids are relative to: the folder of the experiment file. */
  readonly directory: string;
  /** Calls expected in flight at once. */
  readonly concurrency?: number;
}

export type ProviderFactory = (deps: ProviderDeps) => Promise<Provider>;

/** The providers that come with the engine; each loads its SDK when it is first asked for. */
const builtInFactories: Readonly<Record<string, ProviderFactory>> = {
  builtin: async (deps) => {
    const [{ openBuiltin }, { read, readerModels }] = await Promise.all([
      import("./builtin.ts"),
      import("../reader/reader.ts"),
    ]);
    return openBuiltin({ clock: deps.clock, read, models: Object.keys(readerModels) });
  },
  openai: async (deps) => {
    const { openOpenAI } = await import("./openai.ts");
    return openOpenAI({
      env: deps.env,
      clock: deps.clock,
      key: () => deps.keys("openai"),
      ...(deps.fetch === undefined ? {} : { fetch: deps.fetch }),
      ...(deps.concurrency === undefined ? {} : { concurrency: deps.concurrency }),
    });
  },
  ollama: async (deps) => {
    const { openOllama } = await import("./ollama.ts");
    return openOllama({
      env: deps.env,
      clock: deps.clock,
      key: () => deps.keys("ollama"),
      ...(deps.fetch === undefined ? {} : { fetch: deps.fetch }),
      ...(deps.concurrency === undefined ? {} : { concurrency: deps.concurrency }),
    });
  },
  replay: async (deps) => {
    const { openReplay } = await import("./replay.ts");
    return openReplay({ directory: deps.directory });
  },
};

/** Opens providers by name, one of each, and closes them together. */
export interface Providers {
  /** Adds a provider, or replaces one, as `vscode:` is by the extension. Disposing takes it away again. */
  register(name: string, factory: ProviderFactory): Disposable;
  /** Names that can be opened, sorted. */
  names(): readonly string[];
  /** The provider of that name. Rejects with a `UserError` when there is none. */
  open(name: string): Promise<Provider>;
  /** The provider of a model id and the model's own name. Rejects with a `UserError` when the id names no provider. */
  openModel(id: string): Promise<{ readonly provider: Provider; readonly model: string }>;
  close(): Promise<void>;
}

export function createProviders(
  deps: ProviderDeps,
  factories: Readonly<Record<string, ProviderFactory>> = builtInFactories,
): Providers {
  const known = new Map(Object.entries(factories));
  const opened = new Map<string, Promise<Provider>>();

  const names = () => [...known.keys()].sort();

  async function open(name: string): Promise<Provider> {
    const factory = known.get(name);
    if (factory === undefined) throw unknownProvider(name, names());
    let provider = opened.get(name);
    if (provider === undefined) {
      provider = factory(deps);
      opened.set(name, provider);
      provider.catch(() => opened.delete(name));
    }
    return provider;
  }

  return {
    register(name, factory) {
      const replaced = known.get(name);
      known.set(name, factory);
      opened.delete(name);
      return disposable(() => {
        opened.delete(name);
        if (replaced === undefined) known.delete(name);
        else known.set(name, replaced);
      });
    },
    names,
    open,
    async openModel(id) {
      const split = splitModelId(id);
      if (split === undefined) {
        throw new UserError(
          "bad-model-id",
          `"${id}" is not a model id`,
          `write provider:model, with one of ${names().join(", ")}`,
        );
      }
      return { provider: await open(split.provider), model: split.model };
    },
    async close() {
      const all = await Promise.allSettled(opened.values());
      opened.clear();
      await Promise.all(all.map((one) => (one.status === "fulfilled" ? one.value.close() : undefined)));
    },
  };
}

/** Keys as the environment names them, for hosts without a store of secrets. */
export function keysFromEnv(env: Readonly<Record<string, string | undefined>>): ProviderDeps["keys"] {
  return async (provider) => env[`${provider.toUpperCase().replaceAll("-", "_")}_API_KEY`] || undefined;
}

function unknownProvider(name: string, names: readonly string[]): UserError {
  if (name === "vscode") {
    const message = "the editor's own models (vscode:) answer only inside VS Code";
    return new UserError("editor-only", message, "run the experiment there, or name another model");
  }
  const [closest] = didYouMean(name, names);
  const hint = closest === undefined ? "" : `did you mean ${closest}? `;
  return new UserError("unknown-provider", `there is no provider "${name}"`, `${hint}use one of ${names.join(", ")}`);
}

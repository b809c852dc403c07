import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { UserError } from "../../base/errors.ts";
import { seededRandom } from "../../base/random.ts";
import { type Asker, type ModelNames, openAsker } from "../batch/asker.ts";
import type { Providers } from "../provider/registry.ts";
import { type BatchServer, type BatchServerOptions, startBatchServer } from "../serve/server.ts";
import type { Services } from "./deps.ts";
import { listModels } from "./doctor.ts";
import { LocalContexts } from "./localContexts.ts";

/** How models are found and how fast they are asked, for whoever sends bodies of OpenAI's requests on. */
export interface AskingOptions {
  /** `provider:model` for names that are none themselves, and `name=provider:model` for single names. */
  readonly models?: readonly string[];
  readonly concurrency?: number;
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  /** Context window to ask local models for, in tokens. */
  readonly contextTokens?: number;
}

export interface ServeOptions extends BatchServerOptions, AskingOptions {}

/** Opens a queue over all providers. Rejects with a `UserError` when a model that is named cannot be had. */
export async function askerFor(services: Services, providers: Providers, options: AskingOptions): Promise<Asker> {
  const names = modelNames(options.models ?? []);
  for (const id of [...names.named.values(), ...(names.otherwise === undefined ? [] : [names.otherwise])])
    await providers.openModel(id);
  const { concurrency, requestsPerMinute, tokensPerMinute, contextTokens } = options;
  return openAsker({
    providers,
    clock: services.deps.clock,
    random: seededRandom("batch", services.owner),
    names,
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
    ...(tokensPerMinute === undefined ? {} : { tokensPerMinute }),
    contexts: new LocalContexts(services, contextTokens),
  });
}

function modelNames(given: readonly string[]): ModelNames {
  const named = new Map<string, string>();
  let otherwise: string | undefined;
  for (const one of given) {
    const at = one.indexOf("=");
    if (at > 0) named.set(one.slice(0, at), one.slice(at + 1));
    else if (otherwise === undefined) otherwise = one;
    else
      throw new UserError(
        "two-models",
        `both ${otherwise} and ${one} are to answer for every name`,
        "give one of them names: name=provider:model",
      );
  }
  return { named, otherwise };
}

/** Starts the batch server on the store's files; it closes the providers with itself. */
export async function serve(services: Services, providers: Providers, options: ServeOptions): Promise<BatchServer> {
  const { deps, store, owner } = services;
  const own = deps.store === ":memory:" ? await mkdtemp(path.join(tmpdir(), "layoutlab-files-")) : undefined;
  const folder = own ?? (store.location === deps.store ? `${deps.store}-files` : path.resolve(".layoutlab", "files"));
  try {
    const asker = await askerFor(services, providers, options);
    const server = await startBatchServer(options, {
      folder,
      state: store.state,
      asker,
      clock: deps.clock,
      owner,
      models: async () => {
        const listed = await listModels(providers);
        const names = (options.models ?? []).map((one) => one.split("=")[0] ?? one);
        return [...new Set([...names, ...listed.flatMap(({ models }) => models.map(({ id }) => id))])];
      },
      warn: (message) => services.emit("log", { level: "warn", message }),
    });
    return {
      ...server,
      async close() {
        await server.close();
        await providers.close();
        if (own !== undefined) await rm(own, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await providers.close();
    throw error;
  }
}

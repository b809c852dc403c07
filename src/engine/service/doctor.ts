import { messageOf, UserError } from "../../base/errors.ts";
import type { DoctorReport, ModelListing } from "../api.ts";
import type { GpuReport, LoadedModel } from "../gpu/gpu.ts";
import { gpuLines } from "../gpu/words.ts";
import { pullSuggestions } from "../provider/ollamaModels.ts";
import type { Providers } from "../provider/registry.ts";
import type { Services } from "./deps.ts";

type Check = DoctorReport["checks"][number];

const answerWithinMs = 3_000;

/** What works here and what does not: runtime, store, keys, servers. Absent things that nobody needs are a normal state. */
export async function examine(services: Services, providers: Providers): Promise<DoctorReport> {
  const { store, deps } = services;
  const checks: Check[] = [
    {
      name: "runtime",
      state: "ok",
      detail: `Node ${process.versions.node}, ${process.platform} ${process.arch}`,
      action: undefined,
    },
    { name: "layoutlab", state: "ok", detail: deps.version, action: undefined },
    { name: "store", state: "ok", detail: store.location, action: undefined },
    ...storeWarnings(store),
  ];
  for (const provider of ["openai"]) {
    const key = await deps.host.key({ provider }).catch(() => undefined);
    const fromEnv = deps.env[`${provider.toUpperCase()}_API_KEY`];
    checks.push(
      key || fromEnv
        ? {
            name: `${provider} key`,
            state: "ok",
            detail: key ? "kept by the editor" : "from the environment",
            action: undefined,
          }
        : {
            name: `${provider} key`,
            state: "absent",
            detail: "there is none",
            action: "set OPENAI_API_KEY, or use Layout Lab: Add API Key in the editor; local servers need none",
          },
    );
  }
  for (const listing of await listModels(providers, ["builtin", "ollama", "openai"], { quick: true })) {
    checks.push(
      listing.problem === undefined
        ? {
            name: listing.provider,
            state: "ok",
            detail: `${listing.models.length} models`,
            action: listing.suggestions && `get one, such as with ${listing.suggestions[0]?.command}`,
          }
        : { name: listing.provider, state: "absent", detail: listing.problem, action: undefined },
    );
  }
  checks.push(...gpuChecks(await services.gpus.read()));
  return { schema: "layoutlab/doctor@1", ok: checks.every((check) => check.state !== "problem"), checks };
}

/** What a local Ollama has in memory; undefined where none answers. */
export async function loadedModels(providers: Providers): Promise<readonly LoadedModel[] | undefined> {
  try {
    const provider = await providers.open("ollama");
    return await provider.running?.(AbortSignal.timeout(answerWithinMs));
  } catch {
    // That no server answers is told where models are listed.
    return undefined;
  }
}

/** Models of each provider, or why there are none. */
export async function listModels(
  providers: Providers,
  names: readonly string[] = providers.names(),
  options: { readonly quick?: boolean } = {},
): Promise<readonly ModelListing[]> {
  return Promise.all(
    names.map(async (name): Promise<ModelListing> => {
      try {
        const provider = await providers.open(name);
        const models = await provider.models(AbortSignal.timeout(options.quick ? answerWithinMs : 4 * answerWithinMs));
        return {
          provider: name,
          models: models.map((model) => ({ id: `${name}:${model.id}`, detail: model.detail })),
          problem: undefined,
          ...(name === "ollama" && models.length === 0 ? { suggestions: pullSuggestions } : {}),
        };
      } catch (error) {
        const problem = error instanceof UserError ? error.line : messageOf(error);
        return { provider: name, models: [], problem };
      }
    }),
  );
}

function storeWarnings(store: Services["store"]): Check[] {
  return store.warnings.map((warning) => ({
    name: "store",
    state: "problem",
    detail: warning,
    action: "put the store on a local disk with --store",
  }));
}

/** Absent cards are a normal state; a tool that is there and fails is worth a line. */
function gpuChecks(report: GpuReport): Check[] {
  const lines = gpuLines(report);
  const cards = lines.map((detail): Check => ({ name: "gpu", state: "ok", detail, action: undefined }));
  const troubles = report.problems.map(
    (detail): Check => ({ name: "gpu", state: "absent", detail, action: undefined }),
  );
  if (cards.length + troubles.length > 0) return [...cards, ...troubles];
  const detail = "no graphics card is told of by nvidia-smi, amd-smi, rocm-smi or Ollama";
  return [{ name: "gpu", state: "absent", detail, action: undefined }];
}

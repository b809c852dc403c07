import type { ModelListing } from "../api.ts";

/**
 * What a server without a model may be asked to fetch, small ones first. Sizes are those of the default quantisation on
 * ollama.com (as of November 2026). Nothing here is fetched by itself: a person runs the command.
 */
export const pullSuggestions: NonNullable<ModelListing["suggestions"]> = [
  { name: "gemma3:1b", detail: "0.8 GB, runs without a graphics card" },
  { name: "llama3.2:3b", detail: "2.0 GB" },
  { name: "gemma3:4b", detail: "3.3 GB, for a card of 6 GB" },
  { name: "qwen3:8b", detail: "5.2 GB, for a card of 8 GB" },
  { name: "gemma3:12b", detail: "8.1 GB, for a card of 12 or 16 GB" },
].map(({ name, detail }) => ({ id: `ollama:${name}`, detail, command: `ollama pull ${name}` }));

/** `8.0B Q4_K_M · 4.9 GB · context 131,072`, as far as it is known. */
export function modelDetail(told: {
  readonly parameters: string | undefined;
  readonly quantisation: string | undefined;
  readonly bytes: number | undefined;
  readonly contextTokens: number | undefined;
}): string | undefined {
  const { parameters, quantisation, bytes, contextTokens } = told;
  const parts = [
    [parameters, quantisation].filter(Boolean).join(" "),
    // The site and the program count in thousands.
    bytes === undefined ? "" : `${(bytes / 1e9).toFixed(1)} GB`,
    contextTokens === undefined ? "" : `context ${contextTokens.toLocaleString("en-US")}`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? undefined : parts.join(" · ");
}

/** Requests that a server answers at once, when its environment is ours; `OLLAMA_NUM_PARALLEL` is 1 unless it is set. */
export function parallelOf(env: Readonly<Record<string, string | undefined>>, loopback: boolean): number | undefined {
  const told = Number(env["OLLAMA_NUM_PARALLEL"]);
  return loopback && Number.isInteger(told) && told > 0 ? told : undefined;
}

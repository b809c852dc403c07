import { field, numberField, textField } from "../../base/untyped.ts";
import type { ModelMemory } from "../gpu/fit.ts";

/** Ollama keeps keys and values in 16 bits unless `OLLAMA_KV_CACHE_TYPE` says otherwise; less is then taken than reckoned. */
const bytesPerValue = 2;

/**
 * What `/api/show` tells of a model's needs: its key-value cache has a key and a value for each layer and each key-value head.
 * Models whose heads differ by layer (`head_count_kv` as a list) are summed; those with other kinds of layers take less.
 */
export function memoryOf(shown: unknown, weightBytes: number | undefined): ModelMemory {
  const architecture = textField(shown, "model_info", "general.architecture") ?? "";
  const number = (name: string) => numberField(shown, "model_info", `${architecture}.${name}`);
  const layers = number("block_count");
  const heads = number("attention.head_count");
  const width = number("embedding_length");
  const ofHead = heads === undefined || width === undefined ? undefined : width / heads;
  const key = number("attention.key_length") ?? ofHead;
  const value = number("attention.value_length") ?? ofHead;
  const listed = field(shown, "model_info", `${architecture}.attention.head_count_kv`);
  const each = typeof listed === "number" ? listed : heads;
  const headsOfAll = Array.isArray(listed)
    ? listed.reduce((sum: number, one: unknown) => sum + (typeof one === "number" ? one : 0), 0)
    : layers === undefined || each === undefined
      ? undefined
      : layers * each;
  const known = headsOfAll !== undefined && key !== undefined && value !== undefined;
  return {
    contextTokens: number("context_length"),
    weightBytes,
    bytesPerToken: known ? headsOfAll * (key + value) * bytesPerValue : undefined,
  };
}

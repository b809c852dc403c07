import type { GpuReport, LoadedModel } from "./gpu.ts";

const gibibyte = 1024 ** 3;

export function gigabytes(bytes: number): string {
  return `${(bytes / gibibyte).toFixed(1)} GB`;
}

/** `3.2 of 16.0 GB`, or what is known of it. */
export function memoryText(used: number | undefined, total: number | undefined): string {
  if (used !== undefined && total !== undefined) return `${(used / gibibyte).toFixed(1)} of ${gigabytes(total)}`;
  if (used !== undefined) return `${gigabytes(used)} used`;
  return total === undefined ? "memory unknown" : gigabytes(total);
}

/** A line for each card and each loaded model. */
export function gpuLines({ devices, models }: GpuReport): readonly string[] {
  return [
    ...devices.map(({ name, usedBytes, totalBytes, utilisation, note }) => {
      const busy = utilisation === undefined ? "" : `, ${Math.round(100 * utilisation)} % busy`;
      return `${name}: ${memoryText(usedBytes, totalBytes)}${busy}${note === undefined ? "" : ` (${note})`}`;
    }),
    ...(models ?? []).map((model) => `ollama:${model.name}: ${loadedText(model)}`),
  ];
}

/** `5.1 GB, context 8,192`, and how much of it the processor must do. */
export function loadedText({ bytes, vramBytes, contextTokens }: LoadedModel): string {
  const size = bytes === undefined ? "loaded" : gigabytes(bytes);
  const context = contextTokens === undefined ? "" : `, context ${contextTokens.toLocaleString("en-US")}`;
  const onCpu = bytes === undefined || vramBytes === undefined ? 0 : Math.max(0, bytes - vramBytes);
  const spilled =
    bytes === undefined || onCpu < bytes / 100 ? "" : `, ${Math.round((100 * onCpu) / bytes)} % on the processor`;
  return `${size}${context}${spilled}`;
}

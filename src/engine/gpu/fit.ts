import type { GpuReport } from "./gpu.ts";

/** What a model takes, as its server describes it. */
export interface ModelMemory {
  /** The longest context it was made for, in tokens. */
  readonly contextTokens: number | undefined;
  /** Bytes of its weights. */
  readonly weightBytes: number | undefined;
  /** Bytes that each token of context takes in its key-value cache. */
  readonly bytesPerToken: number | undefined;
}

/** The default warning line, `14GB`, speaks of a card of 16. */
const defaultLine = 14 * 1024 ** 3;
const defaultShare = 14 / 16;
/** What a server takes beside weights and key-value cache. */
const overheadBytes = 512 * 1024 ** 2;
const step = 256;

/** Above so many bytes a card of this size is nearly full: the line as told, or 14 of 16 of a card of another size. */
export function warningLine(toldBytes: number, totalBytes: number | undefined): number {
  return toldBytes === defaultLine && totalBytes !== undefined ? totalBytes * defaultShare : toldBytes;
}

/**
 * The largest context whose key-value cache fits under the line beside the weights, in tokens; undefined when the sizes are
 * unknown, or when not even the weights fit (then the server computes a part on the processor, and memory is no guide).
 */
export function largestContext(memory: ModelMemory, lineBytes: number, parallel = 1): number | undefined {
  const { weightBytes, bytesPerToken } = memory;
  if (weightBytes === undefined || bytesPerToken === undefined || bytesPerToken <= 0) return undefined;
  const free = lineBytes - weightBytes - overheadBytes;
  if (free <= 0) return undefined;
  const tokens = Math.floor(free / (bytesPerToken * parallel) / step) * step;
  return tokens < step ? undefined : tokens;
}

/** The fullest card and its line; undefined where no card tells. */
export function fullest(
  { devices }: GpuReport,
  toldBytes: number,
): { readonly usedBytes: number; readonly lineBytes: number } | undefined {
  let found: { readonly usedBytes: number; readonly lineBytes: number } | undefined;
  for (const { usedBytes, totalBytes } of devices) {
    if (usedBytes === undefined) continue;
    const one = { usedBytes, lineBytes: warningLine(toldBytes, totalBytes) };
    if (found === undefined || one.usedBytes / one.lineBytes > found.usedBytes / found.lineBytes) found = one;
  }
  return found;
}

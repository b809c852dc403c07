/** Durations and sizes as people write them. */

export const durationPattern = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/;
export const sizePattern = /^(\d+(?:\.\d+)?)\s*([KMGT])i?B$/i;

const milliseconds: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const powers: Readonly<Record<string, number>> = { K: 1, M: 2, G: 3, T: 4 };

/** Milliseconds of `500ms`, `60s`, `10m`, `2h` or `1d`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = durationPattern.exec(text);
  const unit = milliseconds[match?.[2] ?? ""];
  return match === null || unit === undefined ? undefined : Math.round(Number(match[1]) * unit);
}

/** Bytes of `14GB` or `512MiB`. A GB counts 1024³ bytes with or without the `i`, as graphics cards are sold and measured. */
export function parseSize(text: string): number | undefined {
  const match = sizePattern.exec(text);
  const power = powers[(match?.[2] ?? "").toUpperCase()];
  return match === null || power === undefined ? undefined : Math.round(Number(match[1]) * 1024 ** power);
}

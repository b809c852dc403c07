import type { GpuDevice, ToolReading } from "./gpu.ts";

const mebibyte = 1024 ** 2;

/** The name stands last, as it may hold commas. */
export const nvidiaArguments = [
  "--query-gpu=index,memory.used,memory.total,utilization.gpu,name",
  "--format=csv,noheader,nounits",
] as const;

/**
 * Reads `nvidia-smi --query-gpu`'s table: MiB and percent, with or without their units and a heading. A value it cannot tell
 * stands in brackets (`[N/A]`, `[Not Supported]`, `[Insufficient Permissions]`, `[Unknown Error]`, `[GPU is lost]`, by driver and
 * reason). Its troubles are prose on either stream (no driver, no device, a lost card), sometimes beside rows of other cards.
 */
export function readNvidiaSmi(stdout: string, stderr = ""): ToolReading {
  const devices: GpuDevice[] = [];
  let problem: string | undefined;
  for (const line of `${stdout}\n${stderr}`.split(/\r?\n/)) {
    const text = line.trim();
    if (text === "" || /^index\s*,/i.test(text)) continue;
    const [index = "", used = "", total = "", busy = "", ...name] = text.split(",").map((cell) => cell.trim());
    // A row that was cut off has no name; a whole one has five cells.
    if (!/^\d+$/.test(index) || name.length === 0 || name.join("") === "") {
      if (problem === undefined && !/^\d+\s*,/.test(text)) problem = text;
      continue;
    }
    devices.push({
      id: `nvidia:${index}`,
      name: name.join(", "),
      usedBytes: scaled(used, mebibyte),
      totalBytes: scaled(total, mebibyte),
      utilisation: scaled(busy, 0.01),
      note: noteOf(used, total),
    });
  }
  return { devices, problem };
}

function scaled(cell: string, unit: number): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(?:\s*(?:MiB|%))?$/.exec(cell);
  return match === null ? undefined : Number(match[1]) * unit;
}

function noteOf(used: string, total: string): string | undefined {
  const said = /\[([^\]]+)\]/.exec(`${used} ${total}`)?.[1];
  if (said === undefined) return undefined;
  // Chips that share the processor's memory (GB10 and its like) have none of their own to tell.
  return /^N\/A$/i.test(said) ? "shares the processor's memory" : said.toLowerCase();
}

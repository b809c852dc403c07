import { fieldsOf } from "../../base/untyped.ts";
import type { GpuDevice, ToolReading } from "./gpu.ts";
import { jsonIn } from "./jsonIn.ts";

export const rocmArguments = ["--showmeminfo", "vram", "--showuse", "--showproductname", "--json"] as const;

/**
 * Reads `rocm-smi --json`: an object with one `cardN` a card, whose values are texts in bytes and percent. Key names changed case
 * from release to release (`vram Total Memory (B)`, `VRAM Total Memory (B)`; `Card series`, `Card Series`), so they are compared
 * without it. Warnings may stand before the object; without a card there is only a warning.
 */
export function readRocmSmi(stdout: string, stderr = ""): ToolReading {
  const { value, before } = jsonIn(stdout);
  const cards = fieldsOf(value);
  if (cards === undefined) return { devices: [], problem: firstLine(before) ?? firstLine(stderr) };
  const devices: GpuDevice[] = [];
  for (const [name, told] of Object.entries(cards)) {
    const index = /^card(\d+)$/i.exec(name)?.[1];
    const card = fieldsOf(told);
    if (index === undefined || card === undefined) continue;
    const values = new Map(Object.entries(card).map(([key, one]) => [key.toLowerCase(), String(one)]));
    const number = (key: string) => numeric(values.get(key));
    const usedBytes = number("vram total used memory (b)");
    const totalBytes = number("vram total memory (b)");
    const busy = number("gpu use (%)");
    devices.push({
      id: `amd:${index}`,
      name: named(values.get("card series")) ?? named(values.get("card model")) ?? `AMD card ${index}`,
      usedBytes,
      totalBytes,
      utilisation: busy === undefined ? undefined : busy / 100,
      note: totalBytes === undefined ? "its memory is not told" : undefined,
    });
  }
  return { devices, problem: devices.length === 0 ? (firstLine(before) ?? firstLine(stderr)) : undefined };
}

function numeric(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : undefined;
}

function named(text: string | undefined): string | undefined {
  return text === undefined || text === "" || /^(n\/a|0x[0-9a-f]+)$/i.test(text) ? undefined : text;
}

function firstLine(text: string): string | undefined {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .find((line) => line !== "" && !/^=+/.test(line));
}

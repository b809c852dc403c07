import { type Fields, field, fieldsOf, numberField, textField } from "../../base/untyped.ts";
import type { GpuDevice, ToolReading } from "./gpu.ts";
import { jsonIn } from "./jsonIn.ts";

export const amdArguments = ["metric", "--usage", "--mem-usage", "--json"] as const;
/** For releases whose `metric` fails on a card it does not wholly know. */
export const amdMonitorArguments = ["monitor", "--vram-usage", "--gfx", "--csv"] as const;

/**
 * Reads `amd-smi metric --json` and `monitor --json`: an array of cards, since 26 in `gpu_data`. Values are numbers, texts, or
 * `{value, unit}`, and `"N/A"` where unknown. Memory stands in `mem_usage` (`vram` or `fb_memory_usage` in the first releases) as
 * `used_vram` and `total_vram`, in `monitor` as `vram_used` and `vram_total` beside the card. MB are 1024² bytes.
 */
export function readAmdSmi(stdout: string, stderr = ""): ToolReading {
  const { value, before } = jsonIn(stdout);
  const listed = Array.isArray(value) ? value : (field(value, "gpu_data") ?? value);
  const cards = (Array.isArray(listed) ? listed : [listed]).flatMap((one: unknown): Fields[] => {
    const card = fieldsOf(one);
    return card !== undefined && "gpu" in card ? [card] : [];
  });
  const devices = cards.map((card, place): GpuDevice => {
    const index = numberField(card, "gpu") ?? Number(textField(card, "gpu") ?? place);
    const memory = fieldsOf(card["mem_usage"]) ?? fieldsOf(card["vram"]) ?? fieldsOf(card["fb_memory_usage"]) ?? card;
    const usedBytes = bytes(memory["used_vram"] ?? memory["vram_used"] ?? memory["used"]);
    const totalBytes = bytes(memory["total_vram"] ?? memory["vram_total"] ?? memory["total"]);
    const busy = share(field(card, "usage", "gfx_activity") ?? card["gfx"]);
    const name = textField(card, "asic", "market_name") ?? textField(card, "market_name") ?? `AMD card ${index}`;
    return device(index, name, usedBytes, totalBytes, busy);
  });
  return { devices, problem: devices.length === 0 ? firstLine(before, stderr) : undefined };
}

/** Reads `amd-smi monitor --csv`: columns by name, as they differ between releases; memory in MB. */
export function readAmdMonitor(stdout: string, stderr = ""): ToolReading {
  const lines = stdout.split(/\r?\n/).map((line) => line.trim());
  const start = lines.findIndex((line) => /^(timestamp,)?gpu,/.test(line));
  const columns = lines[start]?.split(",").map((name) => name.trim()) ?? [];
  const devices = lines.slice(start + 1).flatMap((line): GpuDevice[] => {
    const cells = line.split(",").map((cell) => cell.trim());
    if (start < 0 || cells.length !== columns.length) return [];
    const cell = (...names: readonly string[]) => cells[columns.findIndex((column) => names.includes(column))];
    const index = Number(cell("gpu"));
    if (!Number.isInteger(index)) return [];
    return [
      device(index, `AMD card ${index}`, bytes(cell("vram_used")), bytes(cell("vram_total")), share(cell("gfx"))),
    ];
  });
  return { devices, problem: devices.length === 0 ? firstLine(stdout, stderr) : undefined };
}

function device(
  index: number,
  name: string,
  usedBytes: number | undefined,
  totalBytes: number | undefined,
  utilisation: number | undefined,
): GpuDevice {
  const note = totalBytes === undefined ? "its memory is not told" : undefined;
  return { id: `amd:${index}`, name, usedBytes, totalBytes, utilisation, note };
}

const units: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3, tb: 1024 ** 4 };

function bytes(told: unknown): number | undefined {
  const [amount, unit = "MB"] = amountOf(told);
  const scale = units[unit.toLowerCase().replace("ib", "b")];
  return amount === undefined || scale === undefined ? undefined : amount * scale;
}

function share(told: unknown): number | undefined {
  const [percent] = amountOf(told);
  return percent === undefined ? undefined : percent / 100;
}

function amountOf(told: unknown): readonly [amount: number | undefined, unit?: string] {
  if (typeof told === "number") return [told];
  if (typeof told === "string") {
    const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)?/.exec(told.trim());
    if (match === null) return [undefined];
    return match[2] === undefined ? [Number(match[1])] : [Number(match[1]), match[2]];
  }
  const fields = fieldsOf(told);
  if (fields === undefined) return [undefined];
  const [amount] = amountOf(fields["value"]);
  const unit = fields["unit"];
  return typeof unit === "string" && unit !== "" ? [amount, unit] : [amount];
}

function firstLine(...texts: readonly string[]): string | undefined {
  return texts
    .flatMap((text) => text.split(/\r?\n/))
    .map((line) => line.trim())
    .find((line) => line !== "");
}

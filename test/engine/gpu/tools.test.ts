/**
 * The tools' formats, in tables of our own that hold the same facts as real output. Sources: `nvidia-smi --help-query-gpu` and
 * NVIDIA's System Management Interface document (units, bracketed values, exit texts); GB10's `[N/A]` columns as measured on DGX
 * Spark under drivers 580; MIG's `[Insufficient Permissions]` inside containers; rocm_smi.py of ROCm 3 to 6 (key names by
 * release, warnings on stdout); ROCm/amdsmi's amdsmi-cli-tool.md and changelog (`gpu_data` since 26, `vram_free` and
 * `vram_percent` in monitor's CSV since 25.3).
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readAmdMonitor, readAmdSmi } from "../../../src/engine/gpu/amdSmi.ts";
import type { ToolReading } from "../../../src/engine/gpu/gpu.ts";
import { readNvidiaSmi } from "../../../src/engine/gpu/nvidiaSmi.ts";
import { readRocmSmi } from "../../../src/engine/gpu/rocmSmi.ts";

const mib = 1024 ** 2;
const gib = 1024 ** 3;

/** What matters of each card. */
function memory({ devices }: ToolReading) {
  return devices.map(({ id, usedBytes, totalBytes }) => [id, usedBytes, totalBytes]);
}

describe("nvidia-smi", () => {
  it("reads one card or several, with or without units and a heading", () => {
    const bare = readNvidiaSmi("0, 1024, 16376, 37, NVIDIA GeForce RTX 4060 Ti\n");
    expect(bare).toEqual({
      devices: [
        {
          id: "nvidia:0",
          name: "NVIDIA GeForce RTX 4060 Ti",
          usedBytes: 1024 * mib,
          totalBytes: 16376 * mib,
          utilisation: 0.37,
          note: undefined,
        },
      ],
      problem: undefined,
    });
    const full = readNvidiaSmi(
      "index, memory.used [MiB], memory.total [MiB], utilization.gpu [%], name\r\n" +
        "0, 1628 MiB, 16280 MiB, 10 %, Tesla P100-PCIE-16GB\r\n1, 2 MiB, 16280 MiB, 0 %, Tesla P100-PCIE-16GB\r\n",
    );
    expect(memory(full)).toEqual([
      ["nvidia:0", 1628 * mib, 16280 * mib],
      ["nvidia:1", 2 * mib, 16280 * mib],
    ]);
  });

  it("keeps commas in a name", () => {
    expect(readNvidiaSmi("0, 5, 100, 0, Vendor, Model X\n").devices[0]?.name).toBe("Vendor, Model X");
  });

  it("keeps a card whose memory is not told, and says why", () => {
    const { devices, problem } = readNvidiaSmi(
      "0, [N/A], [N/A], 3, NVIDIA GB10\n" +
        "1, [Not Supported], [Not Supported], [Not Supported], NVS 310\n" +
        "2, [Insufficient Permissions], [Insufficient Permissions], [N/A], NVIDIA H100L-2-24C\n" +
        "3, [GPU is lost], [GPU is lost], [GPU is lost], NVIDIA GeForce RTX 3090\n" +
        "4, 512, 11019, [Unknown Error], NVIDIA GeForce RTX 2080 Ti\n",
    );
    expect(problem).toBeUndefined();
    expect(
      devices.map(({ usedBytes, totalBytes, utilisation, note }) => [usedBytes, totalBytes, utilisation, note]),
    ).toEqual([
      [undefined, undefined, 0.03, "shares the processor's memory"],
      [undefined, undefined, undefined, "not supported"],
      [undefined, undefined, undefined, "insufficient permissions"],
      [undefined, undefined, undefined, "gpu is lost"],
      [512 * mib, 11019 * mib, undefined, undefined],
    ]);
  });

  it("reads a MIG-enabled card, whose use is not told", () => {
    const reading = readNvidiaSmi("0, 14366, 40960, [N/A], NVIDIA A100-SXM4-40GB\n");
    expect(reading.devices[0]).toMatchObject({ usedBytes: 14366 * mib, utilisation: undefined, note: undefined });
  });

  it.each([
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.",
    "Failed to initialize NVML: Driver/library version mismatch",
    "No devices were found",
    "Unable to determine the device handle for GPU0000:01:00.0: Unknown Error",
  ])("passes on %s", (said) => {
    expect(readNvidiaSmi(`${said}\n\n`)).toEqual({ devices: [], problem: said });
    expect(readNvidiaSmi("", `${said}\n`)).toEqual({ devices: [], problem: said });
  });

  it("keeps the cards that answer beside one that does not", () => {
    const reading = readNvidiaSmi(
      "Unable to determine the device handle for GPU1: 0000:34:00.0: Unknown Error\n0, 10, 24576, 0, NVIDIA GeForce RTX 3090\n",
    );
    expect(memory(reading)).toEqual([["nvidia:0", 10 * mib, 24576 * mib]]);
    expect(reading.problem).toMatch(/^Unable to determine/);
  });

  it("drops a row that was cut off", () => {
    expect(readNvidiaSmi("0, 10, 24576, 0, NVIDIA GeForce RTX 3090\n1, 10, 245")).toMatchObject({
      devices: [{ id: "nvidia:0" }],
      problem: undefined,
    });
  });
});

describe("rocm-smi", () => {
  const card = (total: unknown, used: unknown, more = {}) => ({
    "VRAM Total Memory (B)": total,
    "VRAM Total Used Memory (B)": used,
    ...more,
  });

  it("reads each card's bytes, use and name", () => {
    const said = JSON.stringify({
      card0: card("17163091968", "1073741824", { "GPU use (%)": "45", "Card Series": "Radeon RX 7800 XT" }),
      card1: card("536870912", "482263040", { "Card series": "Rembrandt [Radeon 680M]" }),
      system: { "Driver version": "6.7.0" },
    });
    expect(readRocmSmi(said)).toEqual({
      devices: [
        {
          id: "amd:0",
          name: "Radeon RX 7800 XT",
          usedBytes: gib,
          totalBytes: 17163091968,
          utilisation: 0.45,
          note: undefined,
        },
        expect.objectContaining({ id: "amd:1", name: "Rembrandt [Radeon 680M]", usedBytes: 482263040 }),
      ],
      problem: undefined,
    });
  });

  it("knows the key names of older releases, and numbers that are not quoted", () => {
    const old = JSON.stringify({
      card0: { "vram Total Memory (B)": "8573157376", "vram Total Used Memory (B)": "12" },
    });
    expect(memory(readRocmSmi(old))).toEqual([["amd:0", 12, 8573157376]]);
    expect(memory(readRocmSmi(JSON.stringify({ card3: card(100, 7) })))).toEqual([["amd:3", 7, 100]]);
  });

  it("reads past warnings before the object", () => {
    const said = `\n\nWARNING: AMD GPU device(s) is/are in a low-power state. Check power control/runtime_status\n\n${JSON.stringify({ card0: card("10", "5") })}\n`;
    expect(memory(readRocmSmi(said))).toEqual([["amd:0", 5, 10]]);
  });

  it("says what stood instead", () => {
    expect(readRocmSmi("WARNING: No JSON data to report\n")).toEqual({
      devices: [],
      problem: "WARNING: No JSON data to report",
    });
    expect(readRocmSmi("", "ERROR:root:Driver not initialized (amdgpu not found in modules)\n").problem).toMatch(
      /Driver not initialized/,
    );
    expect(readRocmSmi('{"card0": {"VRAM Total Mem').problem).toBe("its answer is cut off");
    expect(readRocmSmi(JSON.stringify({ card0: card("lots", "N/A") })).devices[0]).toMatchObject({
      usedBytes: undefined,
      note: "its memory is not told",
    });
  });
});

describe("amd-smi", () => {
  const mb = (value: unknown) => ({ value, unit: "MB" });
  const metric = (gpu: number, total: unknown, used: unknown) => ({
    gpu,
    usage: { gfx_activity: { value: 37, unit: "%" } },
    mem_usage: { total_vram: total, used_vram: used, free_vram: "N/A", total_gtt: mb(64_000) },
  });

  it("reads the array of 24 and 25, and the object of 26", () => {
    const cards = [metric(0, mb(16368), mb(2048)), metric(1, mb(512), mb(128))];
    const expected = [
      ["amd:0", 2048 * mib, 16368 * mib],
      ["amd:1", 128 * mib, 512 * mib],
    ];
    expect(memory(readAmdSmi(JSON.stringify(cards)))).toEqual(expected);
    expect(memory(readAmdSmi(JSON.stringify({ gpu_data: cards })))).toEqual(expected);
    expect(readAmdSmi(JSON.stringify(cards)).devices[0]?.utilisation).toBe(0.37);
  });

  it("reads values as numbers, texts and in other units", () => {
    const said = [
      metric(0, 16368, "2048 MB"),
      metric(1, { value: "287.5", unit: "GiB" }, { value: "1024", unit: "MB" }),
    ];
    expect(memory(readAmdSmi(JSON.stringify(said)))).toEqual([
      ["amd:0", 2048 * mib, 16368 * mib],
      ["amd:1", gib, 287.5 * gib],
    ]);
  });

  it("reads the names of its first releases, and those of monitor", () => {
    const early = [{ gpu: 0, fb_memory_usage: { total: mb(16368), used: mb(1) } }];
    expect(memory(readAmdSmi(JSON.stringify(early)))).toEqual([["amd:0", mib, 16368 * mib]]);
    const monitor = [
      { gpu: 0, gfx: { value: 4, unit: "%" }, vram_used: { value: 1, unit: "GB" }, vram_total: mb(2048) },
    ];
    expect(memory(readAmdSmi(JSON.stringify(monitor)))).toEqual([["amd:0", gib, 2 * gib]]);
  });

  it("keeps a card of which nothing is known", () => {
    const said = { gpu_data: [{ gpu: 2, usage: "N/A", mem_usage: "N/A" }] };
    expect(readAmdSmi(JSON.stringify(said)).devices).toEqual([
      {
        id: "amd:2",
        name: "AMD card 2",
        usedBytes: undefined,
        totalBytes: undefined,
        utilisation: undefined,
        note: "its memory is not told",
      },
    ]);
  });

  it("reads past a warning and says what stood instead", () => {
    const said = `WARNING: User is missing the following required groups: render, video.\n${JSON.stringify([metric(0, mb(2), mb(1))])}`;
    expect(memory(readAmdSmi(said))).toEqual([["amd:0", mib, 2 * mib]]);
    expect(readAmdSmi("", "Unable to communicate with the amdgpu driver").problem).toBe(
      "Unable to communicate with the amdgpu driver",
    );
    expect(readAmdSmi('[{"gpu": 0, "mem_us').problem).toBe("its answer is cut off");
  });

  it("reads monitor's CSV by column names, which changed with 25.3", () => {
    expect(memory(readAmdMonitor("gpu,gfx,gfx_clock,vram_used,vram_total\n0,10,132,283,196300\n"))).toEqual([
      ["amd:0", 283 * mib, 196300 * mib],
    ]);
    const newer = readAmdMonitor(
      "gpu,gfx_clk,gfx,vram_used,vram_free,vram_total,vram_percent\n0,132,10,283,196309,196592,0.0\n1,132,N/A,N/A,N/A,N/A,N/A\n2,1",
    );
    expect(memory(newer)).toEqual([
      ["amd:0", 283 * mib, 196592 * mib],
      ["amd:1", undefined, undefined],
    ]);
    expect(readAmdMonitor("Traceback (most recent call last):\n").problem).toMatch(/^Traceback/);
  });
});

it("takes any text for an answer", () => {
  const text = fc.oneof(fc.string(), fc.json(), fc.string({ unit: "binary" }));
  fc.assert(
    fc.property(text, text, (stdout, stderr) => {
      for (const read of [readNvidiaSmi, readRocmSmi, readAmdSmi, readAmdMonitor]) {
        for (const { usedBytes, totalBytes } of read(stdout, stderr).devices) {
          expect([usedBytes, totalBytes].every((each) => each === undefined || each >= 0)).toBe(true);
        }
      }
    }),
  );
});

import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { type Exec, exec } from "../../../src/base/node/exec.ts";
import { type GpuReport, samplesOf } from "../../../src/engine/gpu/gpu.ts";
import { GpuMonitor } from "../../../src/engine/gpu/monitor.ts";
import { readGpus } from "../../../src/engine/gpu/readGpus.ts";
import { gpuLines } from "../../../src/engine/gpu/words.ts";
import { VirtualClock } from "../../support/virtualClock.ts";

const gib = 1024 ** 3;

/** Tools by what they print; the others are absent. */
function tools(printed: Readonly<Record<string, string>>, calls: string[] = []): Exec {
  return async (file, args) => {
    calls.push(`${file} ${args[0]}`);
    const stdout = printed[`${file} ${args[0]}`] ?? printed[file];
    return stdout === undefined ? { kind: "absent" } : { kind: "ran", code: 0, stdout, stderr: "" };
  };
}

const read = (run: Exec, loaded: GpuReport["models"] = undefined, absent = new Set<string>()) =>
  readGpus({ exec: run, now: () => 7, loaded: async () => loaded, absent });

describe("reading the cards", () => {
  it("takes a machine without card, tool or server as it is, and looks for no tool twice", async () => {
    const calls: string[] = [];
    const absent = new Set<string>();
    const nothing: GpuReport = { at: 7, sources: [], devices: [], models: undefined, problems: [] };
    expect(await read(tools({}, calls), undefined, absent)).toEqual(nothing);
    const first = calls.length;
    expect(await read(tools({}, calls), undefined, absent)).toEqual(nothing);
    expect(calls.length).toBe(first);
    expect(samplesOf(nothing)).toEqual([]);
  });

  it("joins the cards of both makers", async () => {
    const report = await read(
      tools({
        "nvidia-smi": "0, 1024, 16384, 5, NVIDIA A\n",
        "rocm-smi": '{"card0": {"VRAM Total Memory (B)": "100", "VRAM Total Used Memory (B)": "7"}}',
      }),
    );
    expect(report.sources).toEqual(["nvidia-smi", "rocm-smi"]);
    expect(samplesOf(report)).toEqual([
      { at: 7, device: "nvidia:0", usedBytes: gib, totalBytes: 16 * gib },
      { at: 7, device: "amd:0", usedBytes: 7, totalBytes: 100 },
    ]);
  });

  it("asks amd-smi's monitor where its metric says nothing of use, and rocm-smi no more", async () => {
    const calls: string[] = [];
    const report = await read(
      tools(
        {
          "amd-smi metric": "Traceback (most recent call last):",
          "amd-smi monitor": "gpu,vram_used,vram_total\n0,1,2\n",
        },
        calls,
      ),
    );
    expect(report).toMatchObject({ sources: ["amd-smi"], problems: [] });
    expect(calls.some((call) => call.startsWith("rocm-smi"))).toBe(false);
  });

  it("tells what a tool that is there said instead", async () => {
    const report = await read(tools({ "nvidia-smi": "No devices were found\n" }));
    expect(report).toMatchObject({ devices: [], problems: ["nvidia-smi: No devices were found"] });
    const silent = await read(async (file) => (file === "nvidia-smi" ? { kind: "timedOut" } : { kind: "absent" }));
    expect(silent.problems).toEqual(["nvidia-smi did not answer within 5 s"]);
  });

  it("keeps what Ollama holds where no tool tells, and says how much the processor does", async () => {
    const models = [{ name: "gemma3:12b", bytes: 10 * gib, vramBytes: 8 * gib, contextTokens: 8192 }];
    const report = await read(tools({}), models);
    expect(samplesOf(report)).toEqual([{ at: 7, device: "ollama", usedBytes: 8 * gib, totalBytes: undefined }]);
    expect(gpuLines(report)).toEqual(["ollama:gemma3:12b: 10.0 GB, context 8,192, 20 % on the processor"]);
  });
});

describe("running a tool", () => {
  it.skipIf(process.platform === "win32")("ends one that hangs, and takes a missing one as absent", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "exec-"));
    try {
      const hanging = path.join(folder, "hangs");
      await writeFile(hanging, "#!/bin/sh\nexec sleep 60\n");
      const plain = path.join(folder, "plain");
      await writeFile(plain, "no program");
      const failing = path.join(folder, "fails");
      await writeFile(failing, '#!/bin/sh\necho "$1"\necho trouble >&2\nexit 9\n');
      await Promise.all([hanging, failing].map((file) => chmod(file, 0o755)));
      expect(await exec(hanging, [], 50)).toEqual({ kind: "timedOut" });
      expect(await exec(path.join(folder, "none"), [], 1000)).toEqual({ kind: "absent" });
      expect(await exec(plain, [], 1000)).toEqual({ kind: "absent" });
      // No shell reads the arguments.
      expect(await exec(failing, ["$(id); rm -rf x"], 5000)).toEqual({
        kind: "ran",
        code: 9,
        stdout: "$(id); rm -rf x\n",
        stderr: "trouble\n",
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("the monitor", () => {
  const report: GpuReport = { at: 0, sources: [], devices: [], models: undefined, problems: [] };

  it("reads only while somebody needs it, and once for all who do", async () => {
    const clock = new VirtualClock();
    let reads = 0;
    const monitor = new GpuMonitor({
      clock,
      everyMs: 1000,
      read: async () => {
        reads += 1;
        return report;
      },
    });
    await clock.advance(10_000);
    expect(reads).toBe(0);
    const first = monitor.hold();
    const second = monitor.hold();
    await clock.advance(3_500);
    expect(reads).toBe(4);
    first.dispose();
    first.dispose();
    await clock.advance(1_000);
    expect(reads).toBe(5);
    second.dispose();
    await clock.advance(10_000);
    expect(reads).toBe(5);
    expect(monitor.latest).toBe(report);
  });

  it("starts no reading while one goes on, and shares it", async () => {
    const clock = new VirtualClock();
    let reads = 0;
    const monitor = new GpuMonitor({
      clock,
      everyMs: 1000,
      read: () => {
        reads += 1;
        return new Promise((resolve) => clock.after(5_000, () => resolve(report)));
      },
    });
    const seen: GpuReport[] = [];
    monitor.onReport((one) => seen.push(one));
    const held = monitor.hold();
    void monitor.read();
    await clock.advance(4_000);
    expect(reads).toBe(1);
    await clock.advance(7_500);
    expect([reads, seen.length]).toEqual([2, 2]);
    held.dispose();
  });
});

import type { Exec } from "../../base/node/exec.ts";
import { amdArguments, amdMonitorArguments, readAmdMonitor, readAmdSmi } from "./amdSmi.ts";
import type { GpuDevice, GpuReport, LoadedModel, ToolReading } from "./gpu.ts";
import { nvidiaArguments, readNvidiaSmi } from "./nvidiaSmi.ts";
import { readRocmSmi, rocmArguments } from "./rocmSmi.ts";

/** A tool that has not answered by then is not waited for; a driver that wakes a card takes a second or two. */
const toolMs = 5_000;

interface Tool {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  read(stdout: string, stderr: string): ToolReading;
}

const nvidia: readonly Tool[] = [
  { name: "nvidia-smi", file: "nvidia-smi", args: nvidiaArguments, read: readNvidiaSmi },
];

/** The first that tells of a card is enough. `rocm-smi` is often installed off the path. */
const amd: readonly Tool[] = [
  { name: "amd-smi", file: "amd-smi", args: amdArguments, read: readAmdSmi },
  { name: "amd-smi", file: "amd-smi", args: amdMonitorArguments, read: readAmdMonitor },
  { name: "rocm-smi", file: "rocm-smi", args: rocmArguments, read: readRocmSmi },
  { name: "rocm-smi", file: "/opt/rocm/bin/rocm-smi", args: rocmArguments, read: readRocmSmi },
];

export interface GpuSources {
  readonly exec: Exec;
  readonly now: () => number;
  /** What Ollama has loaded; undefined where none answers. Never rejects. */
  readonly loaded: () => Promise<readonly LoadedModel[] | undefined>;
  /** Programs found absent, which are not looked for again. */
  readonly absent: Set<string>;
}

/** Asks every tool that is there. Never rejects: no card, no tool and a tool that fails are answers. */
export async function readGpus(sources: GpuSources): Promise<GpuReport> {
  const [models, ...readings] = await Promise.all([
    sources.loaded(),
    firstThatTells(nvidia, sources),
    firstThatTells(amd, sources),
  ]);
  return {
    at: sources.now(),
    sources: readings.flatMap(({ source }) => source ?? []),
    devices: readings.flatMap(({ devices }) => devices),
    models,
    problems: readings.flatMap(({ problems }) => problems),
  };
}

async function firstThatTells(
  tools: readonly Tool[],
  { exec, absent }: GpuSources,
): Promise<{
  readonly source: string | undefined;
  readonly devices: readonly GpuDevice[];
  readonly problems: readonly string[];
}> {
  const problems = new Map<string, string>();
  for (const { name, file, args, read } of tools) {
    if (absent.has(file)) continue;
    const done = await exec(file, args, toolMs);
    if (done.kind === "absent") absent.add(file);
    else if (done.kind === "timedOut") problems.set(name, `${name} did not answer within ${toolMs / 1_000} s`);
    else {
      const { devices, problem } = read(done.stdout, done.stderr);
      if (problem !== undefined) problems.set(name, `${name}: ${problem}`);
      else if (devices.length === 0 && done.code !== 0) problems.set(name, `${name} failed and says nothing`);
      if (devices.length > 0)
        return { source: name, devices, problems: problem === undefined ? [] : [`${name}: ${problem}`] };
    }
  }
  return { source: undefined, devices: [], problems: [...problems.values()] };
}

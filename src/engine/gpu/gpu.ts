/** One graphics card, as the tool that knows it says; what it does not say is undefined. */
export interface GpuDevice {
  /** `nvidia:0`, `amd:1`: the same for as long as the machine keeps its cards in order. */
  readonly id: string;
  readonly name: string;
  readonly usedBytes: number | undefined;
  readonly totalBytes: number | undefined;
  /** Share of time it computed, in [0, 1]. */
  readonly utilisation: number | undefined;
  /** Why memory is not told, in a few words. */
  readonly note: string | undefined;
}

/** A model in Ollama's memory (`/api/ps`). */
export interface LoadedModel {
  readonly name: string;
  readonly bytes: number | undefined;
  /** The part of it on graphics cards; less than `bytes` where some layers run on the processor. */
  readonly vramBytes: number | undefined;
  readonly contextTokens: number | undefined;
}

/** What one tool said. `devices` are those it could read, even if it failed on others. */
export interface ToolReading {
  readonly devices: readonly GpuDevice[];
  /** What the tool said instead, a line. */
  readonly problem: string | undefined;
}

/** The cards of this machine and what Ollama has loaded. No card and no tool is a normal state. */
export interface GpuReport {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Tools that told of a card. */
  readonly sources: readonly string[];
  readonly devices: readonly GpuDevice[];
  /** Undefined where no Ollama answers. */
  readonly models: readonly LoadedModel[] | undefined;
  /** What tools that are there said instead of an answer, a line each. */
  readonly problems: readonly string[];
}

/** A moment of one card, as a run keeps it. `device` is `ollama` where only the server tells. */
export interface GpuSample {
  readonly at: number;
  readonly device: string;
  readonly usedBytes: number;
  readonly totalBytes: number | undefined;
}

/** What a run keeps of a report: every card that tells its memory, or what Ollama holds where none does. */
export function samplesOf(report: GpuReport): readonly GpuSample[] {
  const samples = report.devices.flatMap(({ id, usedBytes, totalBytes }) =>
    usedBytes === undefined ? [] : [{ at: report.at, device: id, usedBytes, totalBytes }],
  );
  if (samples.length > 0 || report.models === undefined) return samples;
  return [{ at: report.at, device: "ollama", usedBytes: heldBytes(report.models), totalBytes: undefined }];
}

/** Graphics memory that loaded models take. */
export function heldBytes(models: readonly LoadedModel[]): number {
  return models.reduce((sum, { vramBytes }) => sum + (vramBytes ?? 0), 0);
}

import type { SimulatedGpu } from "./options.ts";

const gibibyte = 1024 ** 3;

/** A model in the card's memory. */
export interface Loaded {
  readonly model: string;
  readonly context: number;
  readonly bytes: number;
  /** Milliseconds on the wall clock; infinite when kept for good. */
  expiresAt: number;
}

export type LoadResult =
  | { readonly kind: "ready"; readonly loaded: Loaded; readonly fresh: boolean }
  | { readonly kind: "outOfMemory"; readonly neededBytes: number; readonly freeBytes: number };

/** The simulated card: what is loaded and what it takes. Deterministic; time is passed in. */
export class Gpu {
  readonly totalBytes: number;
  private readonly modelBytes: number;
  private readonly bytesPerToken: number;
  private readonly reservedBytes: number;
  private readonly leakBytes: number;
  private readonly limited: boolean;
  private readonly models = new Map<string, Loaded>();
  private leaked = 0;

  /** Without a description the card is never full. */
  constructor(gpu: SimulatedGpu | undefined) {
    this.limited = gpu !== undefined;
    this.totalBytes = gpu?.totalBytes ?? 16 * gibibyte;
    this.modelBytes = gpu?.modelBytes ?? 8 * gibibyte;
    this.bytesPerToken = gpu?.bytesPerToken ?? 128 * 1024;
    this.reservedBytes = gpu?.reservedBytes ?? gibibyte / 2;
    this.leakBytes = gpu?.leakBytesPerRequest ?? 0;
  }

  /** Makes a model ready with a context, evicting others if that helps. A change of context loads it anew. */
  load(model: string, context: number, now: number): LoadResult {
    this.expire(now);
    const present = this.models.get(model);
    if (present !== undefined && present.context === context) {
      if (this.usedBytes() <= this.totalBytes || !this.limited) return { kind: "ready", loaded: present, fresh: false };
      // Growth since the load has crossed the line: the runner dies and takes the model with it.
      const neededBytes = this.usedBytes();
      this.unload(model);
      return { kind: "outOfMemory", neededBytes, freeBytes: this.totalBytes - this.usedBytes() };
    }
    this.unload(model);
    const bytes = this.modelBytes + context * this.bytesPerToken;
    for (const other of [...this.models.values()].sort((a, b) => a.expiresAt - b.expiresAt)) {
      if (!this.limited || this.usedBytes() + bytes <= this.totalBytes) break;
      this.unload(other.model);
    }
    if (this.limited && this.usedBytes() + bytes > this.totalBytes) {
      return { kind: "outOfMemory", neededBytes: bytes, freeBytes: this.totalBytes - this.usedBytes() };
    }
    const loaded: Loaded = { model, context, bytes, expiresAt: Number.POSITIVE_INFINITY };
    this.models.set(model, loaded);
    return { kind: "ready", loaded, fresh: true };
  }

  unload(model: string): void {
    this.models.delete(model);
    if (this.models.size === 0) this.leaked = 0;
  }

  /** Called once for each answered request. */
  answered(): void {
    this.leaked += this.leakBytes;
  }

  list(now: number): readonly Loaded[] {
    this.expire(now);
    return [...this.models.values()];
  }

  usedBytes(): number {
    let used = this.reservedBytes + this.leaked;
    for (const { bytes } of this.models.values()) used += bytes;
    return used;
  }

  clear(): void {
    this.models.clear();
    this.leaked = 0;
  }

  private expire(now: number): void {
    for (const { model, expiresAt } of this.models.values()) if (expiresAt <= now) this.unload(model);
  }
}

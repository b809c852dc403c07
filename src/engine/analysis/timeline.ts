import type { GpuSample } from "../gpu/gpu.ts";
import type { RequestTimeline } from "../store/store.ts";

/** `layoutlab/timeline@1`: a run's requests over its time, and what its graphics cards held meanwhile. */
export interface TimelineReport extends RequestTimeline {
  readonly schema: "layoutlab/timeline@1";
  readonly run: string;
  /** Each card that was read; the most it held in each step in bytes, null where it was not read. */
  readonly cards: readonly {
    readonly device: string;
    readonly totalBytes: number | undefined;
    readonly usedBytes: readonly (number | null)[];
  }[];
}

/** Lays samples of graphics cards over the steps of the requests; what was read outside of them is left out. */
export function withCards(run: string, timeline: RequestTimeline, samples: readonly GpuSample[]): TimelineReport {
  const cards = new Map<
    string,
    { readonly device: string; readonly totalBytes: number | undefined; readonly usedBytes: (number | null)[] }
  >();
  for (const { at, device, usedBytes, totalBytes } of samples) {
    const step = Math.floor((at - timeline.from) / timeline.stepMs);
    if (step < 0 || step >= timeline.steps) continue;
    let card = cards.get(device);
    if (card === undefined) {
      card = { device, totalBytes, usedBytes: new Array<null>(timeline.steps).fill(null) };
      cards.set(device, card);
    }
    card.usedBytes[step] = Math.max(card.usedBytes[step] ?? 0, usedBytes);
  }
  return {
    ...timeline,
    schema: "layoutlab/timeline@1",
    run,
    cards: [...cards.values()].sort((a, b) => (a.device < b.device ? -1 : 1)),
  };
}

import { Channel } from "../../../src/base/channel.ts";
import type { RunHost, RunPanelView } from "../../../src/protocol/runPanel.ts";
import { courseAt, decisionsUpTo, rows, summary, viewAt } from "./runData.ts";
import type { PanelWire } from "./wire.ts";

const noCourse = { at: [], rate: [], accuracy: {}, stepMs: 500 };

/** Scenes: full (half way), early, finished, interrupted, failing. */
export function openRunHost(wire: PanelWire, scene: string) {
  const start = scene === "early" ? 6 : scene === "finished" ? rows : scene === "interrupted" ? 120 : 210;
  let consumed = start;
  const channel: Channel<RunHost, RunPanelView> = new Channel(wire.port, {
    ready() {
      if (scene === "failing") throw new Error("the store cannot be read");
      return {
        view: viewAt(start, scene === "interrupted" ? "interrupted" : undefined),
        course: scene === "finished" ? courseAt(start) : noCourse,
        summary: scene === "finished" ? summary() : undefined,
        decisions: decisionsUpTo(start),
        warnings: scene === "full" ? ["gpt-4.1-mini ignores the seed: answers may differ from run to run"] : [],
      };
    },
    stop: () => channel.send("progress", viewAt(consumed, "stopping")),
    resume: () => channel.send("progress", viewAt(consumed, "running")),
    addLayouts: () => undefined,
    pauseModel: () => undefined,
    openResults: () => undefined,
    openFile: () => undefined,
  });
  return {
    asked: wire.asked,
    /** Goes on to a row. */
    advance(to: number) {
      for (const each of decisionsUpTo(to).slice(decisionsUpTo(consumed).length)) channel.send("decided", each);
      consumed = to;
      channel.send("progress", viewAt(to));
    },
    /** So many views at once, as no host should send them. */
    flood(events: number) {
      for (let i = 0; i < events; i++) {
        consumed = Math.min(rows - 1, consumed + 0.01);
        channel.send("progress", viewAt(Math.floor(consumed)));
      }
    },
    end: () => channel.send("ended", { view: viewAt(rows), summary: summary() }),
    warn: (message: string) => channel.send("warning", { message }),
  };
}

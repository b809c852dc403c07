import type { Disposable } from "../base/disposable.ts";
import { Emitter } from "../base/event.ts";
import type { Decision } from "../engine/decide/sampler.ts";
import type { RunEvent, RunSummary, RunView } from "../engine/runner/events.ts";
import type { EngineClient } from "./engine/engineClient.ts";

export interface MadeDecision {
  readonly model: string;
  readonly decision: Decision;
}

/** A run as this window has seen it. */
export interface SeenRun {
  readonly view: RunView;
  readonly decisions: readonly MadeDecision[];
  readonly warnings: readonly string[];
}

interface Growing {
  view: RunView;
  readonly decisions: MadeDecision[];
  readonly warnings: string[];
}

/** The runs that are going, from the engine's events: what status bar, trees and panels draw without asking the store. */
export class LiveRuns implements Disposable {
  readonly #runs = new Map<string, Growing>();
  /** Runs whose end somebody else tells of. */
  readonly #hushed = new Set<string>();
  readonly #changed = new Emitter<RunEvent>();
  readonly #ended = new Emitter<{ readonly view: RunView; readonly summary: RunSummary }>();
  readonly #subscription: Disposable;

  constructor(engine: EngineClient) {
    this.#subscription = engine.on("run", (event) => this.#take(event));
  }

  /** Every event of a run, after it is taken up here. */
  readonly onEvent = this.#changed.event;
  readonly onEnd = this.#ended.event;

  /** Leaves the telling of a run's end to who started it. */
  hush(run: string): void {
    this.#hushed.add(run);
  }

  get all(): readonly SeenRun[] {
    return [...this.#runs.values()];
  }

  get(run: string): SeenRun | undefined {
    return this.#runs.get(run);
  }

  /** The runs of one experiment file. */
  of(file: string): readonly SeenRun[] {
    return this.all.filter((each) => each.view.file === file);
  }

  /** The engine ended by itself, and with it what was going. */
  forget(): void {
    this.#runs.clear();
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
    this.#ended.dispose();
  }

  #take(event: RunEvent): void {
    switch (event.kind) {
      case "started":
        this.#runs.set(event.view.run, { view: event.view, decisions: [], warnings: [] });
        break;
      case "progress": {
        const seen = this.#runs.get(event.view.run);
        if (seen !== undefined) seen.view = event.view;
        break;
      }
      case "decided":
        this.#runs.get(event.run)?.decisions.push({ model: event.model, decision: event.decision });
        break;
      case "warning":
        this.#runs.get(event.run)?.warnings.push(event.message);
        break;
      case "ended":
        this.#runs.delete(event.view.run);
        break;
      case "queue":
      case "alert":
      case "trials":
        break;
    }
    this.#changed.fire(event);
    if (event.kind === "ended" && !this.#hushed.delete(event.view.run))
      this.#ended.fire({ view: event.view, summary: event.summary });
  }
}

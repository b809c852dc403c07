import type { Fault } from "./chance.ts";
import type { SimulatorStats } from "./options.ts";

const mostTimes = 100_000;

interface PerModel {
  requests: number;
  answered: number;
  refused: number;
}

/** What the server has seen. Times are milliseconds since it started or was reset. */
export class Counters {
  requests = 0;
  answered = 0;
  refused = 0;
  rejected = 0;
  aborted = 0;
  inFlight = 0;
  maxInFlight = 0;
  promptTokens = 0;
  completionTokens = 0;
  cachedTokens = 0;
  connections = 0;
  private readonly faults = new Map<Fault, number>();
  private readonly perModel = new Map<string, PerModel>();
  private readonly bodies = new Map<string, number>();
  private readonly answeredBodies = new Map<string, number>();
  private acceptedAt: number[] = [];
  private refusedAt: number[] = [];

  model(name: string): PerModel {
    let found = this.perModel.get(name);
    if (found === undefined) {
      found = { requests: 0, answered: 0, refused: 0 };
      this.perModel.set(name, found);
    }
    return found;
  }

  /** How often this body had arrived before. */
  arrived(body: string): number {
    const before = this.bodies.get(body) ?? 0;
    this.bodies.set(body, before + 1);
    return before;
  }

  accepted(at: number): void {
    this.acceptedAt = noted(this.acceptedAt, at);
    this.inFlight++;
    this.maxInFlight = Math.max(this.maxInFlight, this.inFlight);
  }

  refuse(model: string, at: number): void {
    this.refused++;
    this.model(model).refused++;
    this.refusedAt = noted(this.refusedAt, at);
  }

  fault(fault: Fault): void {
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
  }

  finished(model: string, body: string | undefined): void {
    this.answered++;
    this.model(model).answered++;
    if (body !== undefined) this.answeredBodies.set(body, (this.answeredBodies.get(body) ?? 0) + 1);
  }

  reset(): void {
    this.requests = this.answered = this.refused = this.rejected = this.aborted = 0;
    this.promptTokens = this.completionTokens = this.cachedTokens = 0;
    this.maxInFlight = this.inFlight;
    for (const map of [this.faults, this.perModel, this.bodies, this.answeredBodies]) map.clear();
    this.acceptedAt = [];
    this.refusedAt = [];
  }

  snapshot(gpu: SimulatorStats["gpu"]): SimulatorStats {
    return {
      requests: this.requests,
      answered: this.answered,
      refused: this.refused,
      rejected: this.rejected,
      faults: Object.fromEntries(this.faults),
      perModel: Object.fromEntries([...this.perModel].map(([name, counts]) => [name, { ...counts }])),
      aborted: this.aborted,
      inFlight: this.inFlight,
      maxInFlight: this.maxInFlight,
      promptTokens: this.promptTokens,
      completionTokens: this.completionTokens,
      cachedTokens: this.cachedTokens,
      connections: this.connections,
      acceptedAt: this.acceptedAt.slice(-mostTimes),
      refusedAt: this.refusedAt.slice(-mostTimes),
      answeredBodies: Object.fromEntries(this.answeredBodies),
      bodies: Object.fromEntries(this.bodies),
      gpu,
    };
  }
}

/** Appends, letting go of the oldest half when twice the most have gathered. */
function noted(times: number[], at: number): number[] {
  times.push(at);
  return times.length >= 2 * mostTimes ? times.slice(-mostTimes) : times;
}

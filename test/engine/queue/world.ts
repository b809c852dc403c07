import { seededRandom } from "../../../src/base/random.ts";
import type { Queue, QueueChange, Settled, Task } from "../../../src/engine/queue/queue.ts";
import { openQueue, type QueueOptions } from "../../../src/engine/queue/smartQueue.ts";
import { VirtualClock } from "../../support/virtualClock.ts";
import { type ServerOptions, SimulatedServer } from "./simulatedServer.ts";

export const never: AbortSignal = new AbortController().signal;

export interface World {
  readonly clock: VirtualClock;
  readonly server: SimulatedServer;
  readonly queue: Queue;
  readonly changes: QueueChange[];
  /** Tasks of a model that ask the server. */
  add(model: string, count: number, task?: Partial<Task>): Promise<Settled>[];
  /** Lets time pass until all of them are settled. */
  finish<T>(tasks: readonly Promise<T>[]): Promise<T[]>;
}

/** A queue and a server in virtual time. */
export function openWorld(
  serverOptions: Partial<ServerOptions> = {},
  queueOptions: Partial<QueueOptions> = {},
  seed = 1,
): World {
  const clock = new VirtualClock();
  const server = new SimulatedServer({ clock, random: seededRandom("server", seed), ...serverOptions });
  const queue = openQueue({ clock, random: seededRandom("queue", seed), ...queueOptions });
  const changes: QueueChange[] = [];
  queue.onChange((change) => changes.push(change));
  return {
    clock,
    server,
    queue,
    changes,
    add(model, count, task = {}) {
      const tokens = task.tokens ?? 10;
      const send = () => server.send(model, tokens);
      return Array.from({ length: count }, () =>
        queue.add({ model, run: "run", variant: "variant", tokens, send, ...task }, never),
      );
    },
    finish: (tasks) => clock.until(Promise.all(tasks)),
  };
}

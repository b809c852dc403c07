import type { GpuSample } from "../gpu/gpu.ts";
import type { StoreContext } from "./context.ts";
import type { GpuSampleTable } from "./store.ts";
import { maybeNumber, number, orNull, text } from "./values.ts";

export class SqliteGpuSamples implements GpuSampleTable {
  readonly #context: StoreContext;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  add(run: string, samples: readonly GpuSample[]): Promise<void> {
    return this.#context.commits.write(() => {
      const { connection } = this.#context;
      for (const { at, device, usedBytes, totalBytes } of samples) {
        connection.run(
          "INSERT OR REPLACE INTO gpu_sample SELECT key, ?, ?, ?, ? FROM run WHERE id = ?",
          Math.round(at),
          device,
          Math.round(usedBytes),
          orNull(totalBytes === undefined ? undefined : Math.round(totalBytes)),
          run,
        );
      }
    });
  }

  list(run: string): Promise<readonly GpuSample[]> {
    return this.#context.read(() =>
      this.#context.connection
        .all(
          "SELECT at, device, used_bytes, total_bytes FROM gpu_sample WHERE run = (SELECT key FROM run WHERE id = ?) ORDER BY at, device",
          run,
        )
        .map((row) => ({
          at: number(row["at"]),
          device: text(row["device"]),
          usedBytes: number(row["used_bytes"]),
          totalBytes: maybeNumber(row["total_bytes"] ?? null),
        })),
    );
  }
}

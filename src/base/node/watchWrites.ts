import { watch } from "node:fs";

/**
 * Calls back after writes to a file, for as long as the system tells of them; gives what ends that. Some systems and network
 * folders tell late or nothing, so whoever needs to know looks now and then as well. It keeps no process alive.
 */
export function watchWrites(file: string, onWrite: () => void): () => void {
  try {
    const watcher = watch(file, { persistent: false }, onWrite);
    // A watcher that breaks off has told what it could.
    watcher.on("error", () => watcher.close());
    return () => watcher.close();
  } catch {
    // There is nothing to watch, or no more may be watched.
    return () => {};
  }
}

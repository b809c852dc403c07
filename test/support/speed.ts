/**
 * Milliseconds of this thread's own processor time that the work takes, the least of up to `rounds` rounds: neither what else the
 * machine does nor what the runtime compiles meanwhile is in it. Rounds end early once one is below `enough`.
 */
export async function leastCpuMs(
  work: () => unknown,
  { rounds = 3, enough = 0 }: { readonly rounds?: number; readonly enough?: number } = {},
): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds && least >= enough; round++) {
    const before = process.threadCpuUsage();
    await work();
    const { user, system } = process.threadCpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

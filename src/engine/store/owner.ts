import { hostname } from "node:os";
import { threadId } from "node:worker_threads";

/** Names this engine in leases: host, process id, a start time that tells a reused id apart, and the thread. */
export function processOwner(startedAt: number): string {
  return `${hostname()}:${process.pid}:${Math.round(startedAt)}:${threadId}`;
}

/** True when the owner was a process of this machine that is gone; owners elsewhere are judged by their lease alone. */
export function isDeadOwner(owner: string): boolean {
  const [host, pid, , thread] = owner.split(":");
  if (host !== hostname() || pid === undefined) return false;
  // An editor holds one engine, on a thread; a later thread of the same process stands in for one that crashed.
  if (Number(pid) === process.pid && threadId > 0 && Number(thread) > 0) return Number(thread) < threadId;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

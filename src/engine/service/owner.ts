import { hostname } from "node:os";

/** Names this process in leases: host, process id and a start time that tells a reused id apart. */
export function processOwner(startedAt: number): string {
  return `${hostname()}:${process.pid}:${Math.round(startedAt)}`;
}

/** True when the owner was a process of this machine that is gone; owners elsewhere are judged by their lease alone. */
export function isDeadOwner(owner: string): boolean {
  const [host, pid] = owner.split(":");
  if (host !== hostname() || pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

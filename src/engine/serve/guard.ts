import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { refuse } from "./refusals.ts";

/** Who may ask. */
export interface Guard {
  /** Bearer key every request must carry. */
  readonly key: string | undefined;
  /** Whether only this machine is served: then names of other machines, and pages of other sites, are turned away. */
  readonly local: boolean;
}

export function isLoopbackHost(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Lets a request in. @throws Rejection for one that has no business here. */
export function admit(request: IncomingMessage, guard: Guard): void {
  if (guard.local) {
    // A page may have its own name point at this machine, or send forms here: neither may spend money or read answers.
    const { host, origin } = request.headers;
    if (host === undefined || !isLoopbackHost(hostName(`http://${host}`)))
      refuse(403, "This server answers to this machine's own names only.", null, "host_not_allowed");
    if (origin !== undefined && !isLoopbackHost(hostName(origin)))
      refuse(403, "This server answers to no other site's pages.", null, "origin_not_allowed");
  }
  if (guard.key === undefined) return;
  const given = /^Bearer\s+(.+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (given === undefined)
    refuse(
      401,
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
    );
  if (!isSame(given.trim(), guard.key)) refuse(401, "Incorrect API key provided.", null, "invalid_api_key");
}

function hostName(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : "";
}

/** Takes as long whatever is wrong. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

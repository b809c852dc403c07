import { once } from "node:events";
import type { Server } from "node:net";
import { messageOf, UserError } from "../errors.ts";

/** Resolves once the server listens; port 0 is any free one. `who` says who cannot. @throws UserError when it cannot. */
export async function listen(server: Server, who: string, port: number, host: string): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (error) {
    const taken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    const what = taken ? `port ${port} is in use` : `${who} cannot listen on ${host}:${port} (${messageOf(error)})`;
    throw new UserError("cannot-listen", what, "name another port, or leave it out for any free one");
  }
}

import { execFile, spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { chmod, chown, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** Folders in which a PostgreSQL server's programs may lie. */
function programs(): string | undefined {
  const packaged = "/usr/lib/postgresql";
  const versions = existsSync(packaged) ? readdirSync(packaged).toSorted((a, b) => Number(b) - Number(a)) : [];
  const places = [
    ...versions.map((version) => path.join(packaged, version, "bin")),
    ...(process.env["PATH"] ?? "").split(":"),
  ];
  return places.find((place) => existsSync(path.join(place, "initdb")) && existsSync(path.join(place, "pg_ctl")));
}

export interface PostgresServer {
  readonly url: string;
  /** The password that is in the address. */
  readonly password: string;
  stop(): Promise<void>;
}

/** A server of its own that goes away with the test; undefined where PostgreSQL is not installed. */
export async function startPostgres(): Promise<PostgresServer | undefined> {
  const bin = programs();
  if (bin === undefined) return undefined;
  const folder = await mkdtemp(path.join(tmpdir(), "layoutlab-pg-"));
  // The server refuses to run as root.
  const owner = process.getuid?.() === 0 ? idsOf("postgres") : undefined;
  if (process.getuid?.() === 0 && owner === undefined) return undefined;
  if (owner !== undefined) await chown(folder, owner.uid, owner.gid);
  await chmod(folder, 0o700);
  const run = (program: string, ...args: readonly string[]) =>
    execute(path.join(bin, program), [...args], { ...owner, cwd: folder, env: { PATH: process.env["PATH"] } });
  const password = "s3cret-of-the-test";
  const data = path.join(folder, "data");
  const passwords = path.join(folder, "password");
  await execute("sh", ["-c", `printf '%s' '${password}' > '${passwords}'`], { ...owner });
  await run("initdb", "-D", data, "-U", "lab", "--auth=scram-sha-256", `--pwfile=${passwords}`, "--no-sync");
  const port = await freePort();
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off`;
  await run("pg_ctl", "-D", data, "-w", "-l", path.join(folder, "log"), "-o", options, "start");
  return {
    url: `postgres://lab:${password}@127.0.0.1:${port}/postgres`,
    password,
    async stop() {
      await run("pg_ctl", "-D", data, "-m", "immediate", "stop");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function idsOf(user: string): { readonly uid: number; readonly gid: number } | undefined {
  const ask = (what: string) => Number(spawnSync("id", [what, user], { encoding: "utf8" }).stdout);
  const [uid, gid] = [ask("-u"), ask("-g")];
  return uid > 0 && gid > 0 ? { uid, gid } : undefined;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

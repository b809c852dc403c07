import { mkdirSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../base/errors.ts";
import { isDeadOwner } from "../store/owner.ts";

/**
 * Makes the folder this process's own, so that no two servers work on the same batches; the result lets go of it. A lock whose
 * process is gone counts for nothing. @throws UserError when a living process has it.
 */
export async function lockFolder(folder: string, owner: string): Promise<() => Promise<void>> {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, "server.lock");
  for (let tries = 0; ; tries++) {
    try {
      await writeFile(file, owner, { flag: "wx" });
      return () => rm(file, { force: true });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST") || tries > 1) throw error;
    }
    const holder = await readFile(file, "utf8").catch(() => "");
    if (holder !== "" && !isDeadOwner(holder)) {
      const [, pid] = holder.split(":");
      throw new UserError(
        "server-running",
        `a batch server works on this store already (process ${pid})`,
        "use that one, end it, or name another store with --store",
      );
    }
    await rm(file, { force: true });
  }
}

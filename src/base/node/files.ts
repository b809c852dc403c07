import { createReadStream } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { messageOf } from "../errors.ts";
import type { FileReader, OpenedFile } from "../files.ts";

export interface DiskFilesOptions {
  /** Relative paths start here: the folder of the experiment file. */
  readonly folder: string;
  /** Other folders that may be read, such as the workspace's. */
  readonly roots?: readonly string[];
  /** Lifts the confinement, for a caller who owns the machine's files anyway, such as a terminal. Default false. */
  readonly anywhere?: boolean;
}

/** Files on this machine. Links are followed before the confinement is judged, so a link cannot lead out. */
export class DiskFiles implements FileReader {
  readonly #folder: string;
  readonly #roots: readonly string[];
  readonly #anywhere: boolean;

  constructor(options: DiskFilesOptions) {
    this.#folder = resolve(options.folder);
    this.#roots = [this.#folder, ...(options.roots ?? []).map((root) => resolve(root))];
    this.#anywhere = options.anywhere ?? false;
  }

  async open(path: string): Promise<OpenedFile> {
    const full = resolve(this.#folder, path);
    if (!this.#anywhere && !this.#roots.some((root) => within(root, full))) return { kind: "outside" };
    try {
      if (!this.#anywhere) {
        const real = await realpath(full);
        const roots = await Promise.all(this.#roots.map((root) => realpath(root).catch(() => root)));
        if (!roots.some((root) => within(root, real))) return { kind: "outside" };
      }
      const facts = await stat(full);
      if (facts.isDirectory()) return { kind: "folder" };
      if (!facts.isFile()) return { kind: "unreadable", reason: "it is not a plain file" };
      return {
        kind: "file",
        stamp: `${full}:${facts.mtimeMs}:${facts.size}`,
        read: () => createReadStream(full, { highWaterMark: 1 << 18 }),
      };
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "ENOENT" || code === "ENOTDIR") return { kind: "missing" };
      if (code === "EACCES" || code === "EPERM") return { kind: "unreadable", reason: "permission is denied" };
      return { kind: "unreadable", reason: messageOf(error) };
    }
  }

  async siblings(path: string): Promise<readonly string[]> {
    const folder = dirname(resolve(this.#folder, path));
    if (!this.#anywhere && !this.#roots.some((root) => within(root, folder))) return [];
    return readdir(folder).catch(() => []);
  }
}

function within(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === "" || (!isAbsolute(way) && way !== ".." && !way.startsWith(`..${sep}`));
}

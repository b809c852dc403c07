import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import type { Clock } from "../../base/clock.ts";
import type { StateTable } from "../store/store.ts";

/** OpenAI's `file` object, with the time it was made to the millisecond and a number that tells equal times apart. */
export interface ShelvedFile {
  readonly id: string;
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly sequence: number;
  readonly filename: string;
  readonly purpose: string;
  /** Milliseconds since the epoch; undefined stays until it is deleted. */
  readonly expiresAt: number | undefined;
}

const scope = "serve.file";
const idPattern = /^file-[0-9a-f]{24}$/;
const uploadPattern = /^upload-[0-9a-f]{24}$/;

export function newFileId(): string {
  return `file-${randomBytes(12).toString("hex")}`;
}

/**
 * Uploaded files and results: a record in the store, the content in one folder under the file's own random id. Nothing a
 * client sends becomes a path.
 */
export class Shelf {
  readonly #folder: string;
  readonly #state: StateTable;
  readonly #clock: Clock;
  readonly #files: Map<string, ShelvedFile>;
  #sequence: number;

  private constructor(folder: string, state: StateTable, clock: Clock, files: Map<string, ShelvedFile>) {
    this.#folder = folder;
    this.#state = state;
    this.#clock = clock;
    this.#files = files;
    this.#sequence = Math.max(0, ...[...files.values()].map((file) => file.sequence + 1));
  }

  /** Opens the shelf; what uploads left behind when a server died is thrown away. */
  static async open(folder: string, state: StateTable, clock: Clock): Promise<Shelf> {
    mkdirSync(folder, { recursive: true });
    for (const name of await readdir(folder)) if (uploadPattern.test(name)) await rm(path.join(folder, name));
    const files = new Map<string, ShelvedFile>();
    for (const [id, json] of await state.list(scope)) files.set(id, JSON.parse(json) as ShelvedFile);
    return new Shelf(folder, state, clock, files);
  }

  /** Where a file's content stands. */
  path(id: string): string {
    if (!idPattern.test(id)) throw new Error(`"${id}" is no file id`);
    return path.join(this.#folder, id);
  }

  /** Where an upload may be written until it is whole. */
  uploadPath(): string {
    return path.join(this.#folder, `upload-${randomBytes(12).toString("hex")}`);
  }

  get(id: string): ShelvedFile | undefined {
    return this.#files.get(id);
  }

  /** Makes the content that stands at `path(id)` a file; a second time changes nothing. */
  async add(
    id: string,
    facts: Pick<ShelvedFile, "filename" | "purpose"> & { readonly lastsMs: number | undefined },
  ): Promise<ShelvedFile> {
    const known = this.#files.get(id);
    if (known !== undefined) return known;
    const { size } = await stat(this.path(id));
    const now = Math.round(this.#clock.now());
    const file: ShelvedFile = {
      id,
      bytes: size,
      createdAt: now,
      sequence: this.#sequence++,
      filename: facts.filename,
      purpose: facts.purpose,
      expiresAt: facts.lastsMs === undefined ? undefined : now + facts.lastsMs,
    };
    await this.#state.set(scope, id, JSON.stringify(file));
    this.#files.set(id, file);
    return file;
  }

  /** Newest first. */
  list(): readonly ShelvedFile[] {
    return [...this.#files.values()].sort((a, b) => b.sequence - a.sequence);
  }

  async remove(id: string): Promise<void> {
    this.#files.delete(id);
    await this.#state.delete(scope, id);
    await rm(this.path(id), { force: true });
  }

  /** Deletes files whose time is over and that `isNeeded` does not hold. */
  async sweep(isNeeded: (id: string) => boolean): Promise<void> {
    const now = this.#clock.now();
    for (const file of this.list()) {
      if (file.expiresAt !== undefined && file.expiresAt <= now && !isNeeded(file.id)) await this.remove(file.id);
    }
  }
}

/** As OpenAI's API shows it. */
export function wireFile(file: ShelvedFile): object {
  return {
    object: "file",
    id: file.id,
    purpose: file.purpose,
    filename: file.filename,
    bytes: file.bytes,
    created_at: Math.floor(file.createdAt / 1000),
    expires_at: file.expiresAt === undefined ? null : Math.floor(file.expiresAt / 1000),
    status: "processed",
    status_details: null,
  };
}

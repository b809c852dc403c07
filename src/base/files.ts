/**
 * Files as the engine sees them: named by the path the user wrote, relative to one folder. What can go wrong with a path is
 * an answer, not an exception; only the stream itself may fail later.
 */
export type OpenedFile =
  | {
      readonly kind: "file";
      /** Names this state of this file among all files: whoever kept a copy under an equal stamp need not read again. */
      readonly stamp: string;
      /** The content from its beginning; can be asked for more than once. */
      read(): AsyncIterable<Uint8Array | string>;
    }
  | { readonly kind: "missing" }
  | { readonly kind: "folder" }
  /** The path leaves the folders that may be read. */
  | { readonly kind: "outside" }
  | { readonly kind: "unreadable"; readonly reason: string };

export interface FileReader {
  open(path: string): Promise<OpenedFile>;
  /** Names beside `path` in its folder, for "did you mean"; empty when there is no such folder. */
  siblings(path: string): Promise<readonly string[]>;
}

/** Files held in memory, by the paths they are asked for. */
export class MemoryFiles implements FileReader {
  readonly #files: ReadonlyMap<string, string | Uint8Array>;

  constructor(files: Readonly<Record<string, string | Uint8Array>>) {
    this.#files = new Map(Object.entries(files).map(([path, content]) => [normalised(path), content]));
  }

  async open(path: string): Promise<OpenedFile> {
    if (leaves(path)) return { kind: "outside" };
    const wanted = normalised(path);
    const content = this.#files.get(wanted);
    if (content !== undefined) {
      return {
        kind: "file",
        stamp: `${wanted}:${content.length}`,
        async *read() {
          yield content;
        },
      };
    }
    for (const name of this.#files.keys()) if (name.startsWith(`${wanted}/`)) return { kind: "folder" };
    return { kind: "missing" };
  }

  async siblings(path: string): Promise<readonly string[]> {
    const folder = normalised(path).split("/").slice(0, -1).join("/");
    const prefix = folder === "" ? "" : `${folder}/`;
    const names = new Set<string>();
    for (const name of this.#files.keys()) {
      if (name.startsWith(prefix)) names.add(name.slice(prefix.length).split("/")[0] ?? "");
    }
    return [...names];
  }
}

function normalised(path: string): string {
  const steps: string[] = [];
  for (const step of path.replaceAll("\\", "/").split("/")) {
    if (step === "" || step === ".") continue;
    if (step === ".." && steps.length > 0) steps.pop();
    else steps.push(step);
  }
  return steps.join("/");
}

function leaves(path: string): boolean {
  return /^([/\\]|[A-Za-z]:)/.test(path) || normalised(path).startsWith("..");
}

import { didYouMean } from "../../base/didYouMean.ts";
import type { FileReader, OpenedFile } from "../../base/files.ts";
import { DataError, type RecordTrouble } from "../dataset/dataError.ts";
import { type DataTable, readTable } from "../dataset/dataset.ts";
import { decodeText } from "../dataset/decode.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { DataFormat } from "./experiment.ts";
import type { ParsedExperiment } from "./parse.ts";
import { valueAt } from "./repair.ts";
import { oneOf, type Report } from "./report.ts";
import type { Path } from "./source.ts";

/** Data files as they were read last, by the stamp of their content. */
export interface LoadCache {
  get(stamp: string): DataTable | undefined;
  set(stamp: string, table: DataTable): void;
}

/** A cache of the few data files that are in use; the longest unused goes first. */
export function createLoadCache(most = 4): LoadCache {
  const kept = new Map<string, DataTable>();
  const touch = (stamp: string, table: DataTable): void => {
    kept.delete(stamp);
    kept.set(stamp, table);
    for (const oldest of kept.keys()) {
      if (kept.size <= most) break;
      kept.delete(oldest);
    }
  };
  return {
    get(stamp) {
      const table = kept.get(stamp);
      if (table !== undefined) touch(stamp, table);
      return table;
    },
    set: touch,
  };
}

/** A path that is relative to a file's folder, as whoever named that file would name it. */
function beside(file: string, path: string): string {
  const folder = file.slice(0, Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\")) + 1);
  if (folder === "" || /^([/\\]|[A-Za-z]:)/.test(path)) return path;
  let base = folder;
  let rest = path;
  for (;;) {
    if (rest.startsWith("./")) rest = rest.slice(2);
    else if (rest.startsWith("../") && /(?:^|[/\\])(?!\.\.?[/\\]$)[^/\\]+[/\\]$/.test(base)) {
      base = base.replace(/[^/\\]+[/\\]$/, "");
      rest = rest.slice(3);
    } else return base + rest;
  }
}

/** The files beside an experiment, read with their trouble reported at the place that names them. */
export class Inputs {
  readonly parsed: ParsedExperiment;
  readonly report: Report;
  readonly #files: FileReader;
  readonly #diagnostics: Diagnostic[];
  readonly #cache: LoadCache | undefined;

  constructor(
    parsed: ParsedExperiment,
    files: FileReader,
    report: Report,
    diagnostics: Diagnostic[],
    cache: LoadCache | undefined,
  ) {
    this.parsed = parsed;
    this.report = report;
    this.#files = files;
    this.#diagnostics = diagnostics;
    this.#cache = cache;
  }

  /** What the author wrote at a path, before any repair. */
  written(path: Path): unknown {
    return valueAt(this.parsed.source.value, path);
  }

  /** A diagnostic in one of the other files. */
  reportIn(file: string, line: number, column: number, diagnostic: Omit<Diagnostic, "file" | "range">): void {
    const start = { line, column };
    const named = beside(this.parsed.file, file);
    this.#diagnostics.push({ file: named, range: { start, end: { line, column: column + 1 } }, ...diagnostic });
  }

  async open(path: string, at: Path): Promise<Extract<OpenedFile, { kind: "file" }> | undefined> {
    const opened = await this.#files.open(path);
    switch (opened.kind) {
      case "file":
        return opened;
      case "missing": {
        const slash = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1;
        const near = didYouMean(path.slice(slash), await this.#files.siblings(path)).map(
          (name) => path.slice(0, slash) + name,
        );
        const action =
          near.length > 0
            ? `did you mean ${oneOf(near)}?`
            : "correct the path, which starts at this file's folder, or create the file";
        this.report(at, { code: "missing-file", message: `${path} does not exist`, action, suggestions: near });
        return undefined;
      }
      case "folder":
        this.report(at, { code: "missing-file", message: `${path} is a folder`, action: "name a file in it" });
        return undefined;
      case "outside":
        this.report(at, {
          code: "outside-file",
          message: `${path} lies outside the folders this experiment may read`,
          action: "move the file beside the experiment, or open its folder in the workspace",
        });
        return undefined;
      case "unreadable":
        this.report(at, {
          code: "unreadable-file",
          message: `${path} cannot be read (${opened.reason})`,
          action: "make it readable",
        });
        return undefined;
    }
  }

  /** A text file without its last line ends; undefined, and told, when it cannot be had. */
  async text(path: string, at: Path): Promise<string | undefined> {
    const opened = await this.open(path, at);
    if (opened === undefined) return undefined;
    return this.#guarded(path, at, async () => {
      let text = "";
      for await (const piece of decodeText(opened.read())) text += piece;
      return text.replace(/\n+$/, "");
    });
  }

  async table(path: string, format: DataFormat, at: Path): Promise<DataTable | undefined> {
    const opened = await this.open(path, at);
    if (opened === undefined) return undefined;
    const stamp = `${format}:${opened.stamp}`;
    const table = this.#cache?.get(stamp) ?? (await this.#guarded(path, at, () => readTable(opened.read(), format)));
    if (table === undefined) return undefined;
    this.#cache?.set(stamp, table);
    this.#reportRecords(path, table.troubles);
    return table;
  }

  /** Models that play recorded answers need their file. */
  async checkModels(models: readonly string[]): Promise<void> {
    const written = this.written(["models"]);
    if (!Array.isArray(written)) return;
    for (const id of models) {
      if (!id.startsWith("replay:")) continue;
      const index = written.findIndex(
        (each) => typeof each === "string" && each.replace(/^replay\//, "replay:") === id,
      );
      await this.open(id.slice("replay:".length), ["models", index]);
    }
  }

  async #guarded<T>(path: string, at: Path, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (error instanceof DataError)
        this.reportIn(path, error.line, 1, {
          severity: "error",
          code: `data-${error.code}`,
          message: error.message,
          action: error.action,
        });
      // The disk may fail between opening and reading.
      else if (error instanceof Error && "code" in error)
        this.report(at, {
          code: "unreadable-file",
          message: `${path} cannot be read (${error.message})`,
          action: "try again",
        });
      else throw error;
      return undefined;
    }
  }

  #reportRecords(path: string, troubles: readonly RecordTrouble[]): void {
    for (const { code, message, action, line } of troubles.slice(0, 5))
      this.reportIn(path, line, 1, { severity: "error", code, message, action });
    const next = troubles[5];
    if (next === undefined) return;
    const more = troubles.length - 5;
    this.reportIn(path, next.line, 1, {
      severity: "error",
      code: next.code,
      message: `${more} more ${more === 1 ? "row has" : "rows have"} such trouble`,
      action: "mend them as the first ones",
    });
  }
}

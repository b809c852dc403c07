import { readFile } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../base/errors.ts";
import { DiskFiles } from "../../base/node/files.ts";
import type { Source } from "../api.ts";
import { checkLayout } from "../layout/resolve.ts";
import type { PriceTable } from "../plan/prices.ts";
import { formatDiagnostic } from "../spec/diagnostic.ts";
import { type LoadedExperiment, loadExperiment, type ReadyExperiment } from "../spec/load.ts";
import { createLoadCache } from "../spec/loadFiles.ts";
import { builtinProviders } from "../spec/names.ts";
import { type PriceFile, parsePrices } from "../spec/priceFile.ts";
import { parseWorkspaceLayouts } from "../spec/workspaceLayouts.ts";
import type { EngineDeps } from "./deps.ts";

/** Opens experiment files with all they name. Data files are kept between calls while they do not change. */
export class Sources {
  readonly #deps: EngineDeps;
  readonly #cache = createLoadCache();

  constructor(deps: EngineDeps) {
    this.#deps = deps;
  }

  async text(source: Source): Promise<string> {
    if (source.text !== undefined) return source.text;
    try {
      return await readFile(source.file, "utf8");
    } catch (error) {
      const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
      throw new UserError(
        missing ? "no-file" : "unreadable-file",
        missing ? `${source.file} does not exist` : `${source.file} cannot be read`,
        missing ? "check the path, or make one with `layoutlab init`" : "check that it is a file you may read",
      );
    }
  }

  /** `shown` is how diagnostics name the file. */
  async load(source: Source, shown = source.file): Promise<LoadedExperiment> {
    const text = await this.text(source);
    const shared = await this.#workspaceLayouts(source.file);
    const loaded = await loadExperiment(text, shown, this.files(source.file), {
      cache: this.#cache,
      checkLayout,
      trusted: this.#deps.trusted ?? true,
      workspaceLayouts: shared.layouts,
      ...(this.#deps.providers === undefined ? {} : { providers: providerNames(this.#deps) }),
    });
    const beside = [...shared.diagnostics, ...((await this.prices(source.file))?.diagnostics ?? [])];
    return beside.length === 0 ? loaded : { ...loaded, diagnostics: [...loaded.diagnostics, ...beside] };
  }

  /** Layouts that every experiment below the folder of the nearest `.layoutlab/layouts.yaml` may use. */
  async #workspaceLayouts(file: string): Promise<ReturnType<typeof parseWorkspaceLayouts>> {
    const found = await this.#nearest(file, "layouts.yaml");
    return found === undefined ? { layouts: [], diagnostics: [] } : parseWorkspaceLayouts(found.text, found.path);
  }

  /** The nearest `.layoutlab/prices.yaml`, with what is wrong with it. */
  async prices(file: string): Promise<(PriceFile & { readonly path: string }) | undefined> {
    const found = await this.#nearest(file, "prices.yaml");
    return found && { ...parsePrices(found.text, found.path), path: found.path };
  }

  /**
   * What models cost to an experiment: the person's prices over the built-in ones, the workspace's over those, a run's `own` over
   * all. @throws UserError for a price file with mistakes: money is not reckoned with half of it.
   */
  async priceTable(file: string, own: PriceTable = {}): Promise<PriceTable> {
    const found = await this.prices(file);
    const wrong = found?.diagnostics.find(({ severity }) => severity === "error");
    if (wrong !== undefined) {
      const { line, column } = wrong.range.start;
      throw new UserError("price-file", `${wrong.file}:${line}:${column}: ${wrong.message}`, wrong.action);
    }
    return { ...this.#deps.prices, ...found?.prices, ...own };
  }

  /** A file of the nearest `.layoutlab` folder at or above an experiment. */
  async #nearest(file: string, name: string): Promise<{ readonly path: string; readonly text: string } | undefined> {
    for (let folder = path.dirname(file), up = 0; up < 8; folder = path.dirname(folder), up++) {
      const candidate = path.join(folder, ".layoutlab", name);
      const opened = await this.files(file).open(candidate);
      if (opened.kind === "file") return { path: candidate, text: await readFile(candidate, "utf8") };
      if (path.dirname(folder) === folder) break;
    }
    return undefined;
  }

  /** @throws UserError with every error of the file, one a line. */
  async ready(source: Source): Promise<ReadyExperiment> {
    const loaded = await this.load(source);
    if (loaded.kind === "ready") return loaded;
    throw new InvalidExperiment(loaded);
  }

  files(file: string): DiskFiles {
    const { roots } = this.#deps;
    return new DiskFiles({ folder: path.dirname(file), ...(roots === undefined ? { anywhere: true } : { roots }) });
  }
}

/** Every error of a file at once; `line` holds one a line, as every face prints them. */
export class InvalidExperiment extends UserError {
  readonly lines: readonly string[];

  constructor(loaded: LoadedExperiment) {
    const lines = loaded.diagnostics.filter((each) => each.severity === "error").map(formatDiagnostic);
    const more = lines.length > 1 ? ` (and ${lines.length - 1} more)` : "";
    super("invalid-experiment", lines[0] ?? "the experiment is not valid", `correct it and try again${more}`);
    this.lines = lines;
  }

  override get line(): string {
    return this.lines.join("\n");
  }
}

function providerNames(deps: EngineDeps): readonly string[] {
  return [...new Set([...builtinProviders, ...Object.keys(deps.providers ?? {})])];
}

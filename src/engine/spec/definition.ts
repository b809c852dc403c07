import { placeAt } from "./cursor.ts";
import type { Range } from "./diagnostic.ts";
import type { ParsedExperiment } from "./parse.ts";
import { valueAt } from "./repair.ts";

export interface FileLink {
  /** The path as written, relative to the experiment's folder. */
  readonly path: string;
  readonly range: Range;
}

/** The file whose path stands at the offset. */
export function definition(parsed: ParsedExperiment, offset: number): FileLink | undefined {
  const place = placeAt(parsed.source, offset);
  if (place?.on !== "value") return undefined;
  const value = valueAt(parsed.source.value, place.path);
  if (typeof value !== "string" || value === "") return undefined;
  const range = parsed.source.range(place.start, place.end);
  const last = place.path.at(-1);
  const [section] = place.path;
  const names =
    (section === "dataset" && (place.path.length === 1 || last === "path")) ||
    (section === "prompt" && (last === "file" || (place.path[1] === "examples" && last === "path"))) ||
    (section === "chain" && last === "file") ||
    (section === "scoring" && (last === "database" || last === "file") && !/:\/\/|env:|\{\{/.test(value));
  if (names) return { path: value, range };
  const replayed = section === "models" ? /^replay[:/](.+)$/.exec(value)?.[1] : undefined;
  return replayed === undefined ? undefined : { path: replayed, range };
}

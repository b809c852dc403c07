import path from "node:path";
import { UserError } from "../../base/errors.ts";
import { DataError, dataTrouble } from "../dataset/dataError.ts";
import { readTable } from "../dataset/dataset.ts";
import { type Guess, type NewFile, scaffoldExample, scaffoldFromData } from "../spec/scaffold.ts";
import { formatOf } from "../spec/sections.ts";
import type { Sources } from "./source.ts";

/** Where an editor finds the file's schema when the extension is not there to give it. */
const schemaUrl = "https://raw.githubusercontent.com/layoutlab/layoutlab/main/schemas/experiment.schema.json";

/** Texts of a new experiment's files, relative to `into`; nothing is written here. */
export async function newExperiment(
  sources: Sources,
  p: { readonly csv?: string; readonly into: string },
): Promise<{ readonly files: readonly NewFile[]; readonly guess?: Guess }> {
  if (p.csv === undefined)
    return { files: scaffoldExample({ name: path.basename(path.resolve(p.into)), schema: schemaUrl }) };
  const format = formatOf(p.csv);
  if (format === undefined) {
    throw new UserError(
      "unknown-format",
      `${p.csv} is no data file that can be read`,
      "give a .csv, .tsv, .jsonl or .json file",
    );
  }
  const opened = await sources.files(path.resolve(p.csv)).open(path.resolve(p.csv));
  if (opened.kind !== "file") throw new UserError("no-file", `${p.csv} cannot be read`, "check the path");
  const table = await readTable(opened.read(), format).catch((error: unknown) => {
    throw error instanceof DataError ? dataTrouble(error, String(p.csv)) : error;
  });
  const name = path.basename(p.csv).replace(/\.[^.]+$/, "");
  const relative = path.relative(p.into, p.csv).replaceAll(path.sep, "/");
  const { text, guess } = scaffoldFromData({ name, schema: schemaUrl }, relative, table);
  return { files: [{ path: `${name}.layout.yaml`, text }], guess };
}

import { UserError } from "../base/errors.ts";
import { type ExportFormat, exportFormats } from "../engine/api.ts";

/** The format a file's ending names; the longest ending wins, so that `replay.jsonl` is not `jsonl`. */
export function exportFormatOf(file: string): ExportFormat {
  const lower = file.toLowerCase();
  const found = [...exportFormats].sort((a, b) => b.length - a.length).find((format) => lower.endsWith(`.${format}`));
  if (found === undefined) {
    throw new UserError(
      "unknown-format",
      `${file} has no ending that names a format`,
      `end it in one of ${exportFormats.map((format) => `.${format}`).join(", ")}`,
    );
  }
  return found;
}

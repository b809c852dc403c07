import path from "node:path";
import { UserError } from "../../base/errors.ts";
import { type ExportFormat, exportFormats } from "../../engine/api.ts";
import { type CommonFlags, looking, output } from "../context.ts";
import { exportFormatOf } from "../exportFormat.ts";
import { collect, word } from "../flags.ts";
import type { Register } from "./index.ts";

export const registerExport: Register = (program, context) => {
  program
    .command("export")
    .description("write a stored run as csv, jsonl, json, md, html, junit.xml or replay.jsonl")
    .argument("<run>", "run id, or the start of one")
    .option(
      "-o, --output <file>",
      "where to; the ending names the format, repeatable",
      collect((name) => name),
    )
    .option("--format <format>", "format, where the ending does not say", word("--format", exportFormats))
    .action(
      async (
        run: string,
        flags: CommonFlags & { readonly output?: readonly string[]; readonly format?: ExportFormat },
      ) => {
        const names = flags.output ?? [];
        if (names.length === 0) throw new UserError("no-output", "no file is named", "add -o result.csv");
        const written = await looking(context, flags, async (engine) => {
          const done: { readonly file: string; readonly rows: number }[] = [];
          for (const name of names) {
            const format = flags.format ?? exportFormatOf(name);
            const { rows } = await engine.export({ run, format, to: path.resolve(context.cwd, name) });
            done.push({ file: name, rows });
          }
          return done;
        });
        output(context, flags, { schema: "layoutlab/export@1", written }, () =>
          written.map(({ file, rows }) => `wrote ${file}${rows > 0 ? ` (${rows} trials)` : ""}`).join("\n"),
        );
      },
    );
};

import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../base/errors.ts";
import type { Engine } from "../../engine/engine.ts";
import { type CommonFlags, output, withEngine } from "../context.ts";
import type { Register } from "./index.ts";

type Guess = NonNullable<Awaited<ReturnType<Engine["scaffold"]>>["guess"]>;

function columnsOf({ text, expected, id, others }: Guess) {
  return { text, expected, ...(id === undefined ? {} : { id }), others };
}

/** Which column was taken for what, and which might have been instead. */
function columnLines({ text, expected, id, others }: Guess): string[] {
  const or = (columns: readonly string[]) => (columns.length === 0 ? "" : ` (${columns.join(" or ")} might be it too)`);
  return [
    `the text is ${text}${or(others.text)}, the right answer ${expected}${or(others.expected)}${id === undefined ? "" : `, the id ${id}`}: change it in the file if that is wrong`,
  ];
}

export const registerInit: Register = (program, context) => {
  program
    .command("init")
    .description("write a runnable experiment, from your own data when given")
    .argument("[dir]", "folder to write into", ".")
    .option("--from <data>", "a labelled CSV, TSV, JSONL or JSON file")
    .action(async (dir: string, flags: CommonFlags & { readonly from?: string }) => {
      const into = path.resolve(context.cwd, dir);
      const { files, guess } = await withEngine(context, { ...flags, store: ":memory:" }, (engine) =>
        engine.scaffold({ into, ...(flags.from === undefined ? {} : { csv: path.resolve(context.cwd, flags.from) }) }),
      );
      const targets = files.map((file) => ({ ...file, full: path.join(into, file.path) }));
      const taken = targets.find((file) => existsSync(file.full));
      if (taken !== undefined) {
        throw new UserError(
          "file-exists",
          `${path.relative(context.cwd, taken.full)} is there already`,
          "name another folder, or move it away first",
        );
      }
      for (const file of targets) {
        await mkdir(path.dirname(file.full), { recursive: true });
        await writeFile(file.full, file.text, { flag: "wx" });
      }
      const written = targets.map((file) => path.relative(context.cwd, file.full) || file.path);
      const spec = written.find((file) => /\.layout\.(ya?ml|json)$/.test(file)) ?? "";
      const columns = guess && columnsOf(guess);
      output(context, flags, { schema: "layoutlab/init@1", files: written, columns }, () =>
        [
          ...written.map((file) => `wrote ${file}`),
          ...(guess === undefined ? [] : columnLines(guess)),
          `Next: layoutlab run ${spec}`,
        ].join("\n"),
      );
    });
};

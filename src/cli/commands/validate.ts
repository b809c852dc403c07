import path from "node:path";
import { formatDiagnostic } from "../../engine/spec/diagnostic.ts";
import { type CommonFlags, output, withEngine } from "../context.ts";
import { exitCodes } from "../exitCodes.ts";
import type { Register } from "./index.ts";

export const registerValidate: Register = (program, context, done) => {
  program
    .command("validate")
    .description("check experiment files and all they refer to")
    .argument("<spec...>", "experiment files")
    .action(async (specs: readonly string[], flags: CommonFlags) => {
      const checked = await withEngine(context, { ...flags, store: ":memory:" }, (engine) =>
        Promise.all(
          specs.map(async (spec) => ({ spec, ...(await engine.check({ file: path.resolve(context.cwd, spec) })) })),
        ),
      );
      const diagnostics = checked.flatMap(({ spec, diagnostics }) =>
        diagnostics.map((each) => ({
          ...each,
          file: each.file === path.resolve(context.cwd, spec) ? spec : each.file,
        })),
      );
      const errors = diagnostics.filter((each) => each.severity === "error").length;
      output(context, flags, { schema: "layoutlab/validate@1", ok: errors === 0, diagnostics }, () => {
        const lines = diagnostics.map(
          (each) => (each.severity === "error" ? "" : `${each.severity}: `) + formatDiagnostic(each),
        );
        if (errors === 0) lines.push(`${specs.length === 1 ? specs[0] : `${specs.length} files`}: no errors`);
        return lines.join("\n");
      });
      done(errors === 0 ? exitCodes.done : exitCodes.input);
    });
};

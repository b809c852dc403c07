import { formatDiagnostic } from "../../engine/spec/diagnostic.ts";
import { type CommonFlags, output, withEngine } from "../context.ts";
import { exitCodes } from "../exitCodes.ts";
import { asTyped, specFile } from "../specFile.ts";
import type { Register } from "./index.ts";

export const registerValidate: Register = (program, context, done) => {
  program
    .command("validate")
    .description("check experiment files and all they refer to")
    .argument("<spec...>", "experiment files")
    .action(async (typed: readonly string[], flags: CommonFlags) => {
      const specs = typed.map((one) => specFile(context, one));
      const diagnostics = await withEngine(context, { ...flags, store: ":memory:" }, async (engine) => {
        const checked = await Promise.all(specs.map((spec) => engine.check({ file: spec.file })));
        return checked.flatMap((result, i) => {
          const spec = specs[i];
          return spec === undefined ? [] : result.diagnostics.map((each) => asTyped(context, spec, each));
        });
      });
      const errors = diagnostics.filter((each) => each.severity === "error").length;
      output(context, flags, { schema: "layoutlab/validate@1", ok: errors === 0, diagnostics }, () => {
        const lines = diagnostics.map(
          (each) => (each.severity === "error" ? "" : `${each.severity}: `) + formatDiagnostic(each),
        );
        if (errors === 0) lines.push(`${typed.length === 1 ? typed[0] : `${typed.length} files`}: no errors`);
        return lines.join("\n");
      });
      done(errors === 0 ? exitCodes.done : exitCodes.input);
    });
};

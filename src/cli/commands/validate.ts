import { UserError } from "../../base/errors.ts";
import { type Diagnostic, formatDiagnostic } from "../../engine/spec/diagnostic.ts";
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
      const missing: Diagnostic[] = [];
      const specs = typed.flatMap((one) => {
        try {
          return [specFile(context, one)];
        } catch (error) {
          if (!(error instanceof UserError) || typed.length === 1) throw error;
          missing.push(withoutFile(one, error));
          return [];
        }
      });
      const found = await withEngine(context, { ...flags, store: ":memory:" }, async (engine) => {
        const checked = await Promise.all(specs.map((spec) => engine.check({ file: spec.file })));
        return checked.flatMap((result, i) => {
          const spec = specs[i];
          return spec === undefined ? [] : result.diagnostics.map((each) => asTyped(context, spec, each));
        });
      });
      const diagnostics = [...missing, ...found];
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

/** A file that is not there stands among the mistakes of the others. */
function withoutFile(file: string, { code, message, action }: UserError): Diagnostic {
  const start = { line: 1, column: 1 };
  return { file, range: { start, end: start }, severity: "error", code, message, action };
}

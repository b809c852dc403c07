import { type CommonFlags, output, withEngine } from "../context.ts";
import { exitCodes } from "../exitCodes.ts";
import { table } from "../render/table.ts";
import type { Register } from "./index.ts";

export const registerDoctor: Register = (program, context, done) => {
  program
    .command("doctor")
    .description("what works here: runtime, store, keys, servers")
    .action(async (flags: CommonFlags) => {
      const report = await withEngine(context, flags, (engine) => engine.doctor({}));
      output(context, flags, report, () =>
        table(
          [{ title: "" }, { title: "check" }, { title: "" }],
          report.checks.map((check) => [
            check.state === "ok" ? "ok" : check.state === "absent" ? "–" : "!",
            check.name,
            check.action === undefined ? check.detail : `${check.detail}: ${check.action}`,
          ]),
        ),
      );
      done(report.ok ? exitCodes.done : exitCodes.failed);
    });
};

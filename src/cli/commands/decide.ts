import { readFile } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../base/errors.ts";
import { decideMatrix, type MatrixOptions } from "../../engine/decide/decideMatrix.ts";
import { parseMatrix } from "../../engine/decide/matrix.ts";
import { type CommonFlags, output } from "../context.ts";
import { exitCodes } from "../exitCodes.ts";
import { integer, interval, percent } from "../render/numbers.ts";
import { table } from "../render/table.ts";
import type { Register } from "./index.ts";

interface Flags extends CommonFlags {
  readonly equivalence: string;
  readonly confidence: string;
  readonly seed: string;
  readonly mode: string;
  readonly scope?: string;
  readonly strict?: boolean;
}

const modes = ["adaptive", "full", "fixed", "doubling", "bandit", "halving"] as const;

export const registerDecide: Register = (program, context, done) => {
  program
    .command("decide")
    .description("race the columns of a table of scores")
    .argument("<matrix>", "CSV: an id, then one column of scores in [0, 1] a variant")
    .option("--equivalence <e>", "differences up to this count as none", "0.01")
    .option("--confidence <share>", "1 minus the error rate", "0.95")
    .option("--seed <n>", "of the order of rows", "1")
    .option("--mode <mode>", modes.join(", "), "adaptive")
    .option("--scope <scope>", "dataset or population")
    .option("--strict", "prove the margin against every other variant")
    .action(async (file: string, flags: Flags) => {
      const text = await readFile(path.resolve(context.cwd, file), "utf8").catch(() => {
        throw new UserError("no-file", `${file} cannot be read`, "check the path");
      });
      const decided = decideMatrix(parseMatrix(text, file), optionsOf(flags));
      output(context, flags, { schema: "layoutlab/decide@1", ...decided }, () =>
        [
          table(
            [
              { title: "variant" },
              { title: "trials", align: "right" },
              { title: "accuracy", align: "right" },
              { title: "interval" },
              { title: "status" },
            ],
            decided.variants.map((one) => [
              one.id,
              integer(one.trials),
              percent(one.accuracy),
              interval(one.interval),
              one.status,
            ]),
          ),
          "",
          `Verdict: ${decided.verdict.explanation}`,
          `${integer(decided.rows)} rows, ${integer(decided.calls)} scores used.`,
        ].join("\n"),
      );
      done(decided.verdict.kind === "undecided" ? exitCodes.incomplete : exitCodes.done);
    });
};

function optionsOf(flags: Flags): MatrixOptions {
  const mode = modes.find((one) => one === flags.mode);
  if (mode === undefined)
    throw new UserError("unknown-mode", `there is no mode "${flags.mode}"`, `use one of ${modes.join(", ")}`);
  const { scope } = flags;
  if (scope !== undefined && scope !== "dataset" && scope !== "population") {
    throw new UserError("unknown-scope", `there is no scope "${scope}"`, "use dataset or population");
  }
  return {
    mode,
    equivalence: Number(flags.equivalence),
    confidence: Number(flags.confidence),
    seed: Number(flags.seed),
    ...(scope === undefined ? {} : { scope }),
    ...(flags.strict ? { strict: true } : {}),
  };
}

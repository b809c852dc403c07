import { readFile } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../base/errors.ts";
import { type CommonFlags, output } from "../context.ts";
import { exitCodes } from "../exitCodes.ts";
import { share, whole, word } from "../flags.ts";
import { integer, interval, percent } from "../render/numbers.ts";
import { table } from "../render/table.ts";
import type { Register } from "./index.ts";

const modes = ["adaptive", "full", "fixed", "doubling", "bandit", "bayes", "halving"] as const;

interface Flags extends CommonFlags {
  readonly equivalence: number;
  readonly confidence: number;
  readonly seed: number;
  readonly mode: (typeof modes)[number];
  readonly scope?: "dataset" | "population";
  readonly strict?: boolean;
}

export const registerDecide: Register = (program, context, done) => {
  program
    .command("decide")
    .description("race the columns of a table of scores")
    .argument("<matrix>", "CSV: an id, then one column of scores in [0, 1] a variant")
    .option("--equivalence <e>", "differences up to this count as none", share("--equivalence"), 0.01)
    .option("--confidence <share>", "1 minus the error rate", share("--confidence", { open: true }), 0.95)
    .option("--seed <n>", "of the order of rows", whole("--seed", 0), 1)
    .option("--mode <mode>", modes.join(", "), word("--mode", modes), "adaptive")
    .option("--scope <scope>", "dataset or population", word("--scope", ["dataset", "population"]))
    .option("--strict", "prove the margin against every other variant")
    .action(async (file: string, flags: Flags) => {
      const text = await readFile(path.resolve(context.cwd, file), "utf8").catch(() => {
        throw new UserError("no-file", `${file} cannot be read`, "check the path");
      });
      const { mode, equivalence, confidence, seed, scope, strict } = flags;
      const [{ decideMatrix }, { parseMatrix }] = await Promise.all([
        import("../../engine/decide/decideMatrix.ts"),
        import("../../engine/decide/matrix.ts"),
      ]);
      const decided = decideMatrix(parseMatrix(text, file), {
        mode,
        equivalence,
        confidence,
        seed,
        ...(scope === undefined ? {} : { scope }),
        ...(strict ? { strict } : {}),
      });
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
          `${counted(decided.rows, "row")}, ${counted(decided.calls, "score")} used.`,
          ...decided.notes.map((note) => `Note: ${note}`),
        ].join("\n"),
      );
      done(decided.verdict.kind === "undecided" ? exitCodes.incomplete : exitCodes.done);
    });
};

function counted(n: number, word: string): string {
  return `${integer(n)} ${word}${n === 1 ? "" : "s"}`;
}

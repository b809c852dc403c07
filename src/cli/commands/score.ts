import { type CommonFlags, looking, output } from "../context.ts";
import { exitCodeOf } from "../exitCodes.ts";
import { integer } from "../render/numbers.ts";
import { runReport } from "../render/runReport.ts";
import type { Register } from "./index.ts";

export const registerScore: Register = (program, context, done) => {
  program
    .command("score")
    .description("judge a run's stored answers as its file does now, and decide anew; asks no model")
    .argument("<run>", "run id, or the start of one")
    .option("--judge", "ask the judge's model about answers that it has not judged")
    .action(async (run: string, flags: CommonFlags & { readonly judge?: boolean }) => {
      const scored = await looking(context, flags, (engine) => engine.rescore({ run, judge: flags.judge === true }));
      output(context, flags, scored, () =>
        [
          runReport(scored.summary),
          "",
          `Scored ${integer(scored.trials - scored.kept)} stored answers by ${scored.scorers.join(", ")}: ` +
            `${integer(scored.changed)} ${scored.changed === 1 ? "differs" : "differ"} from before` +
            `${scored.kept === 0 ? "" : `; ${integer(scored.kept)} trials have no answer to score and keep what they had`}.`,
          ...(scored.unjudged === 0
            ? []
            : [
                `${integer(scored.unjudged)} answers were not judged and keep their score: --judge asks the judge's model.`,
              ]),
        ].join("\n"),
      );
      done(exitCodeOf(scored.summary));
    });
};

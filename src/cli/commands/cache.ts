import { type CommonFlags, output, withEngine } from "../context.ts";
import { bytes, integer } from "../render/numbers.ts";
import { table } from "../render/table.ts";
import type { Register } from "./index.ts";

export const registerCache: Register = (program, context) => {
  const cache = program.command("cache").description("answers that are known already");

  cache
    .command("stats")
    .description("how much is kept, by model and experiment")
    .action(async (flags: CommonFlags) => {
      const stats = await withEngine(context, flags, (engine) => engine.cacheStats({}));
      output(context, flags, { schema: "layoutlab/cache@1", ...stats }, () =>
        [
          ...(stats.groups.length === 0
            ? []
            : [
                table(
                  [
                    { title: "model" },
                    { title: "experiment" },
                    { title: "answers", align: "right" },
                    { title: "size", align: "right" },
                    { title: "hits", align: "right" },
                  ],
                  stats.groups.map((group) => [
                    group.model,
                    group.experiment,
                    integer(group.entries),
                    bytes(group.bytes),
                    integer(group.hits),
                  ]),
                ),
                "",
              ]),
          `${integer(stats.entries)} answers, ${bytes(stats.bytes)} of ${bytes(stats.maxBytes)}`,
        ].join("\n"),
      );
    });

  cache
    .command("clear")
    .description("forget answers; all of them without a filter")
    .option("--model <id>", "only of this model")
    .option("--experiment <name>", "only those this experiment asked first")
    .action(async (flags: CommonFlags & { readonly model?: string; readonly experiment?: string }) => {
      const { deleted } = await withEngine(context, flags, (engine) =>
        engine.cacheDelete({
          ...(flags.model === undefined ? {} : { model: flags.model }),
          ...(flags.experiment === undefined ? {} : { experiment: flags.experiment }),
        }),
      );
      output(
        context,
        flags,
        { schema: "layoutlab/cache-clear@1", deleted },
        () => `forgot ${integer(deleted)} answers`,
      );
    });
};

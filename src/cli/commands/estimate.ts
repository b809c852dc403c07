import type { PowerPlan } from "../../engine/decide/compare.ts";
import { type CommonFlags, looking, output } from "../context.ts";
import { share } from "../flags.ts";
import { dollars, duration, integer, percent } from "../render/numbers.ts";
import { table } from "../render/table.ts";
import { type RunFlags, runFlags, runOptions } from "../runFlags.ts";
import { check, specFile } from "../specFile.ts";
import type { Register } from "./index.ts";

interface Flags extends RunFlags, CommonFlags {
  readonly power?: boolean;
  readonly effect?: number;
}

export const registerEstimate: Register = (program, context) => {
  runFlags(
    program
      .command("estimate")
      .description("calls, tokens, cost and the shortest duration of a run, before it spends anything"),
  )
    .argument("<spec>", "experiment file")
    .option("--power", "say what so many examples can show, and how many a difference needs")
    .option("--effect <difference>", "with --power: a difference to plan for, such as 0.05", share("--effect"))
    .action(async (typed: string, flags: Flags) => {
      const spec = specFile(context, typed);
      const estimate = await looking(context, flags, async (engine) => {
        await check(engine, context, flags, spec);
        return engine.estimate({ file: spec.file, ...runOptions(flags), ...powerOf(flags) });
      });
      output(context, flags, estimate, () =>
        [
          table(
            [
              { title: "variant" },
              { title: "tokens/prompt", align: "right" },
              { title: "cacheable", align: "right" },
              { title: "cost", align: "right" },
            ],
            estimate.variants.map((one) => [
              one.id,
              integer(one.promptTokens),
              percent(one.cacheablePrefix),
              dollars(one.cost),
            ]),
          ),
          "",
          `${integer(estimate.calls)} calls at most (${integer(estimate.cachedCalls)} in the cache), ` +
            `${integer(estimate.tokens.prompt)} prompt and ${integer(estimate.tokens.completion)} answer tokens, ` +
            `${estimate.cost === null ? "cost unknown" : dollars(estimate.cost)}, at least ${duration(estimate.shortestMs)}`,
          ...estimate.unpriced
            .filter((id) => !estimate.notes.some((note) => note.startsWith(`The price of ${id} `)))
            .map((id) => `The price of ${id} does not reach to prompts as long as these.`),
          ...estimate.notes,
          ...(estimate.power === undefined ? [] : ["", powerText(estimate.power)]),
        ].join("\n"),
      );
    });
};

function powerOf({ power, effect }: Flags) {
  if (power !== true && effect === undefined) return {};
  return { power: effect === undefined ? {} : { effect } };
}

function powerText(plan: PowerPlan): string {
  return [
    table(
      [
        { title: "difference", align: "right" },
        { title: "examples needed", align: "right" },
      ],
      plan.needed.map(({ difference, rows }) => [pointsOf(difference), integer(rows)]),
    ),
    "",
    plan.explanation,
  ].join("\n");
}

function pointsOf(difference: number): string {
  const points = Number((difference * 100).toFixed(2));
  return `${points} ${points === 1 ? "point" : "points"}`;
}

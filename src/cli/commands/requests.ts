import { type CommonFlags, looking, output, withEngine } from "../context.ts";
import { whole } from "../flags.ts";
import { integer, percent } from "../render/numbers.ts";
import { table } from "../render/table.ts";
import type { Register } from "./index.ts";

interface Flags extends CommonFlags {
  readonly run?: string;
  readonly limit: number;
}

export const registerRequests: Register = (program, context) => {
  const requests = program.command("requests").description("the table of requests");

  requests
    .command("stats")
    .description("counts and success rates by model and task")
    .option("--run <run>", "only this run's")
    .action(async (flags: Flags) => {
      const stats = await looking(context, flags, (engine) =>
        engine.requestStats(flags.run === undefined ? {} : { run: flags.run }),
      );
      output(context, flags, { schema: "layoutlab/requests@1", ...stats }, () =>
        [
          table(
            [
              { title: "model" },
              { title: "pending", align: "right" },
              { title: "processing", align: "right" },
              { title: "completed", align: "right" },
              { title: "failed", align: "right" },
              { title: "success", align: "right" },
            ],
            stats.byModel.map((one) => [
              one.model,
              integer(one.pending),
              integer(one.processing),
              integer(one.completed),
              integer(one.failed),
              one.successRate === undefined ? "–" : percent(one.successRate),
            ]),
          ),
          ...Object.entries(stats.byErrorClass).map(([name, count]) => `${name}: ${integer(count)}`),
        ].join("\n"),
      );
    });

  for (const [name, description, status] of [
    ["list", "list requests, newest last", undefined],
    ["failed", "list what failed, and why", "failed"],
  ] as const) {
    requests
      .command(name)
      .description(description)
      .option("--run <run>", "only this run's")
      .option("--limit <n>", "how many", whole("--limit"), 50)
      .action(async (flags: Flags) => {
        const rows = await looking(context, flags, (engine) =>
          engine.requests({
            limit: flags.limit,
            ...(flags.run === undefined ? {} : { run: flags.run }),
            ...(status === undefined ? {} : { status }),
          }),
        );
        output(context, flags, { schema: "layoutlab/requests-list@1", requests: rows }, () =>
          table(
            [
              { title: "id", align: "right" },
              { title: "run" },
              { title: "model" },
              { title: "status" },
              { title: "attempts", align: "right" },
              { title: "error" },
            ],
            rows.map((row) => [
              String(row.id),
              row.run,
              row.model,
              row.state,
              integer(row.attempts ?? 0),
              row.errorClass === undefined ? "" : `${row.errorClass}: ${row.errorMessage ?? ""}`,
            ]),
          ),
        );
      });
  }

  requests
    .command("cleanup")
    .description("delete requests that ended long ago; scores stay")
    .option("--older-than <days>", "age in days", whole("--older-than", 0), 90)
    .action(async (flags: CommonFlags & { readonly olderThan: number }) => {
      const { deleted } = await withEngine(context, flags, (engine) =>
        engine.cleanup({ olderThanDays: flags.olderThan }),
      );
      output(
        context,
        flags,
        { schema: "layoutlab/requests-cleanup@1", deleted },
        () => `deleted ${integer(deleted)} requests`,
      );
    });
};

import type { RequestStats } from "../../engine/store/store.ts";
import { type CommonFlags, looking, output, withEngine } from "../context.ts";
import { whole } from "../flags.ts";
import { namedRun } from "../namedRun.ts";
import { duration, integer, percent } from "../render/numbers.ts";
import { table } from "../render/table.ts";
import type { Register } from "./index.ts";

interface Flags extends CommonFlags {
  readonly run?: string;
  readonly limit: number;
  readonly after?: number;
}

export const registerRequests: Register = (program, context) => {
  const requests = program.command("requests").description("the table of requests");

  requests
    .command("stats")
    .description("how many wait, are under way and have ended; success rates by model and task")
    .option("--run <run>", "only this run's")
    .action(async (flags: Flags) => {
      const stats = await looking(context, flags, async (engine) => engine.requestStats(await namedRun(engine, flags)));
      output(context, flags, { schema: "layoutlab/requests@1", ...stats }, () => statsText(stats, Date.now()));
    });

  for (const [name, description, status] of [
    ["list", "list requests, oldest first", undefined],
    ["failed", "list what failed, and why", "failed"],
  ] as const) {
    requests
      .command(name)
      .description(description)
      .option("--run <run>", "only this run's")
      .option("--limit <n>", "how many", whole("--limit"), 50)
      .option("--after <id>", "begin behind this one, for the next page", whole("--after"))
      .action(async (flags: Flags) => {
        const rows = await looking(context, flags, async (engine) =>
          engine.requests({
            limit: flags.limit,
            ...(await namedRun(engine, flags)),
            ...(flags.after === undefined ? {} : { after: flags.after }),
            ...(status === undefined ? {} : { status }),
          }),
        );
        output(context, flags, { schema: "layoutlab/requests-list@1", requests: rows }, () =>
          rows.length === 0
            ? `no requests${status === undefined ? "" : " failed"}`
            : table(
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

/** Depth first, then how each model and kind of task does, then what went wrong. */
function statsText(stats: RequestStats, now: number): string {
  const { pending, processing, completed, failed } = stats.byStatus;
  if (pending + processing + completed + failed === 0) return "no requests yet";
  const right = { align: "right" } as const;
  const waits = stats.oldestPendingAt === undefined ? "" : `, the oldest for ${duration(now - stats.oldestPendingAt)}`;
  const rate = (successRate: number | undefined) => (successRate === undefined ? "–" : percent(successRate));
  return [
    `${integer(pending)} waiting${waits}, ${integer(processing)} under way, ${integer(completed)} completed, ${integer(failed)} failed`,
    "",
    table(
      [
        { title: "model" },
        { title: "pending", ...right },
        { title: "processing", ...right },
        { title: "completed", ...right },
        { title: "failed", ...right },
        { title: "success", ...right },
      ],
      stats.byModel.map((one) => [
        one.model,
        integer(one.pending),
        integer(one.processing),
        integer(one.completed),
        integer(one.failed),
        rate(one.successRate),
      ]),
    ),
    "",
    table(
      [
        { title: "task" },
        { title: "completed", ...right },
        { title: "failed", ...right },
        { title: "success", ...right },
      ],
      stats.byTaskType.map((one) => [one.taskType, integer(one.completed), integer(one.failed), rate(one.successRate)]),
    ),
    ...(Object.keys(stats.byErrorClass).length === 0 ? [] : [""]),
    ...Object.entries(stats.byErrorClass).map(([name, count]) => `${name}: ${integer(count)}`),
  ].join("\n");
}

import { statSync } from "node:fs";
import path from "node:path";

import { UserError } from "../../base/errors.ts";
import type { CacheCoverage } from "../../engine/api.ts";
import { type CliContext, type CommonFlags, looking, output, withEngine } from "../context.ts";
import { exitCodes } from "../exitCodes.ts";
import { follow } from "../follow.ts";
import { bytes, integer, percent } from "../render/numbers.ts";
import { table } from "../render/table.ts";
import { type RunFlags, runOptions, scopeFlags, whatFlags } from "../runFlags.ts";
import { check, checkAlone, type SpecFile, specFile } from "../specFile.ts";
import type { Register } from "./index.ts";

export const registerCache: Register = (program, context, done) => {
  const cache = program.command("cache").description("answers that are known already");

  whatFlags(
    cache
      .command("stats")
      .description("how much is kept, by model and experiment; with a file, what of it need not be asked again"),
  )
    .argument("[spec]", "experiment file")
    .action(async (typed: string | undefined, flags: RunFlags & CommonFlags) => {
      if (typed !== undefined) return coverage(context, flags, specFile(context, typed));
      const [given] = Object.keys(runOptions(flags));
      if (given !== undefined)
        throw new UserError("bad-flag", `--${given} goes with a file`, "name the experiment file");
      const stats = await looking(context, flags, (engine) => engine.cacheStats({}));
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
                    { title: "uses", align: "right" },
                    { title: "saved", align: "right" },
                  ],
                  stats.groups.map((group) => [
                    group.model,
                    group.experiment,
                    integer(group.entries),
                    bytes(group.bytes),
                    integer(group.hits),
                    percent(group.hits / (group.hits + group.entries)),
                  ]),
                ),
                "",
              ]),
          `${answers(stats.entries)}, ${bytes(stats.bytes)} of ${bytes(stats.maxBytes)}`,
        ].join("\n"),
      );
    });

  scopeFlags(cache.command("warm").description("ask whatever a full run of an experiment would need and is not known"))
    .argument("<spec>", "experiment file")
    .action(async (typed: string, flags: RunFlags & CommonFlags) => {
      const spec = specFile(context, typed);
      await checkAlone(context, flags, spec);
      await withEngine(context, flags, async (engine) => {
        const { run } = await engine.start({
          file: spec.file,
          options: { ...runOptions(flags), warm: true },
        });
        const { requests, stopped, status } = await follow(engine, run, flags, context);
        const document = {
          schema: "layoutlab/cache-warm@1",
          asked: requests.succeeded,
          known: requests.cached,
          failed: requests.failed,
          complete: status === "finished" && requests.failed === 0,
          stopped: stopped.reason,
        };
        output(context, flags, document, () =>
          [
            `asked for ${answers(document.asked)}, knew ${integer(document.known)}, ${integer(document.failed)} failed`,
            ...(status === "finished" ? [] : [`stopped: ${stopped.reason}`]),
          ].join("\n"),
        );
        if (status === "interrupted") done(exitCodes.interrupted);
        else if (stopped.kind === "rejected") done(exitCodes.input);
        else if (!document.complete) done(exitCodes.incomplete);
      });
    });

  cache
    .command("clear")
    .description("forget answers; all of them without a filter")
    .option("--model <id>", "only of this model")
    .option("--experiment <name>", "only those this experiment asked first")
    .action(async (flags: CommonFlags & { readonly model?: string; readonly experiment?: string }) => {
      const { deleted } = await looking(context, flags, (engine) =>
        engine.cacheDelete({
          ...(flags.model === undefined ? {} : { model: flags.model }),
          ...(flags.experiment === undefined ? {} : { experiment: flags.experiment }),
        }),
      );
      output(context, flags, { schema: "layoutlab/cache-clear@1", deleted }, () => `forgot ${answers(deleted)}`);
    });

  cache
    .command("export")
    .description("write every answer to a file that another machine can import")
    .argument("<file>", "where to, JSON Lines")
    .action(async (typed: string, flags: CommonFlags) => {
      const written = await looking(context, flags, (engine) =>
        engine.cacheExport({ to: path.resolve(context.cwd, typed) }),
      );
      output(
        context,
        flags,
        { schema: "layoutlab/cache-export@1", ...written },
        () => `wrote ${answers(written.entries)} to ${typed}`,
      );
    });

  cache
    .command("import")
    .description("take in answers that were exported; those held already stay")
    .argument("<file>", "what `cache export` wrote")
    .action(async (typed: string, flags: CommonFlags) => {
      const from = path.resolve(context.cwd, typed);
      if (statSync(from, { throwIfNoEntry: false })?.isFile() !== true)
        throw new UserError("no-file", `${typed} is not a file`, "name what `layoutlab cache export` wrote");
      const report = await withEngine(context, flags, (engine) => engine.cacheImport({ from }));
      output(
        context,
        flags,
        { schema: "layoutlab/cache-import@1", ...report },
        () => `took in ${answers(report.added)}; ${integer(report.known)} were known already`,
      );
      if (report.rejected.length === 0) return;
      context.say(
        `${typed}:${report.rejected[0]}:1: ${report.rejected.length === 1 ? "this line is" : `this line and ${report.rejected.length - 1} more are`} no cache entry: export the cache again`,
      );
      done(exitCodes.input);
    });
};

function answers(count: number): string {
  return `${integer(count)} ${count === 1 ? "answer" : "answers"}`;
}

/** What of an experiment is held, and what an edit made stale. */
async function coverage(context: CliContext, flags: RunFlags & CommonFlags, spec: SpecFile): Promise<void> {
  const found = await looking(context, flags, async (engine) => {
    await check(engine, context, flags, spec);
    return engine.cacheCoverage({ file: spec.file, ...runOptions(flags) });
  });
  const right = { align: "right" } as const;
  output(context, flags, found, () =>
    [
      table(
        [
          { title: "variant" },
          { title: "answers", ...right },
          { title: "cached", ...right },
          { title: "to ask", ...right },
          { title: "stale", ...right },
        ],
        found.variants.map(({ id, answers: all, cached, stale }) => [
          id,
          integer(all),
          integer(cached),
          integer(all - cached),
          integer(stale),
        ]),
      ),
      "",
      ...coverageLines(found),
    ].join("\n"),
  );
}

function coverageLines({ answers: all, cached, reads, last, sampled, packed }: CacheCoverage): string[] {
  const changed = last === undefined || last.changed.length === 0 ? "" : ` What changed: ${last.changed.join(", ")}.`;
  return [
    reads
      ? `${integer(cached)} of ${answers(all)} need not be asked for${sampled ? ", of the rows looked at" : ""}.`
      : "This experiment does not read its cache.",
    ...(last === undefined
      ? []
      : [
          `Of run ${last.run} ${integer(last.valid)} of ${answers(last.answers)} are still valid, ${integer(last.stale)} stale.${changed}`,
        ]),
    ...(packed.length === 0 ? [] : [`Not looked at, as several examples share a request: ${packed.join(", ")}.`]),
  ];
}

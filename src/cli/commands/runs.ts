import path from "node:path";
import type { ComparisonReport, EngineApi, RunListItem } from "../../engine/api.ts";
import type { RunAnalytics } from "../../engine/report/analytics.ts";
import { type CliContext, type CommonFlags, looking, output } from "../context.ts";
import { names, share, whole, word } from "../flags.ts";
import { ensemblesText, positionsText, rulesText } from "../render/analyses.ts";
import { analyticsText } from "../render/analytics.ts";
import { integer, percent } from "../render/numbers.ts";
import { runReport } from "../render/runReport.ts";
import { table } from "../render/table.ts";
import type { Register } from "./index.ts";

/** `runs`, `show`, `compare`: what the store holds. */
export const registerRuns: Register = (program, context) => {
  program
    .command("runs")
    .description("list stored runs, newest first")
    .argument("[spec]", "only runs of this experiment file")
    .option("--limit <n>", "how many", whole("--limit"), 20)
    .action(async (spec: string | undefined, flags: CommonFlags & { readonly limit: number }) => {
      const runs = await looking(context, flags, (engine) =>
        engine.runs({
          limit: flags.limit,
          ...(spec === undefined ? {} : { file: path.resolve(context.cwd, spec) }),
        }),
      );
      output(context, flags, { schema: "layoutlab/runs@1", runs }, () =>
        runs.length === 0 ? "no runs yet" : runsTable(runs),
      );
    });

  program
    .command("show")
    .description("show a run's result again")
    .argument("<run>", "run id, or the start of one")
    .option("--baseline", "make it the baseline that `assert: { against: baseline }` compares with")
    .option(
      "--positions [column]",
      "accuracy by this column of places; without one, by the segment's place in the prompt",
    )
    .option("--ensemble <layouts>", "what combining these layouts would be worth", names("--ensemble"))
    .option(
      "--combine <rule>",
      `how --ensemble combines: ${combines.join(", ")}`,
      word("--combine", combines),
      "majority",
    )
    .option("--analytics", "what failing rows have in common, the price of a right answer, calibration, length, models")
    .option("--rules", "rules that choose a layout by the text, fitted to this run, and what they are worth")
    .action(async (run: string, flags: ShowFlags) => {
      if (flags.positions !== undefined || flags.ensemble !== undefined || flags.rules || flags.analytics)
        return analyse(context, run, flags);
      const details = await looking(context, flags, async (engine) => {
        const found = await engine.run({ run });
        if (flags.baseline) await engine.markBaseline({ run: found.item.run });
        return found;
      });
      output(context, flags, details.summary, () => runReport(details.summary));
      if (flags.baseline && !flags.quiet)
        context.say(`run ${details.item.run} is now the baseline of ${details.item.name}`);
    });

  program
    .command("compare")
    .description("compare two runs, or two variants, on the examples both have")
    .argument("<a>", "run, or run:variant")
    .argument("<b>", "run, or run:variant")
    .option("--confidence <share>", "such as 0.95", share("--confidence", { open: true }))
    .option("--noise <run>", "a run made with --aa, to hold the difference against")
    .action(async (a: string, b: string, flags: CompareFlags) => {
      const report = await looking(context, flags, (engine) =>
        engine.compare({
          a: sideOf(a),
          b: sideOf(b),
          ...(flags.confidence === undefined ? {} : { confidence: flags.confidence }),
          ...(flags.noise === undefined ? {} : { noise: flags.noise }),
        }),
      );
      output(context, flags, report, () => comparisonText(report));
    });
};

interface CompareFlags extends CommonFlags {
  readonly confidence?: number;
  readonly noise?: string;
}

const combines = ["majority", "confidence", "logodds", "stacked"] as const;

interface ShowFlags extends CommonFlags {
  readonly baseline?: boolean;
  /** True without a column. */
  readonly positions?: string | true;
  readonly ensemble?: readonly string[];
  readonly combine: (typeof combines)[number];
  readonly rules?: boolean;
  readonly analytics?: boolean;
}

/** What can be worked out of a stored run, beside its result. */
async function analyse(context: CliContext, run: string, flags: ShowFlags): Promise<void> {
  const { positions, ensemble: layouts, combine, rules, analytics } = flags;
  const [places, ensembles, fitted, worked] = await looking(context, flags, async (engine) => [
    positions === undefined
      ? undefined
      : await engine.positions({ run, ...(positions === true ? {} : { column: positions }) }),
    layouts === undefined ? undefined : await engine.ensemble({ run, layouts, combine }),
    rules ? await engine.fitRules({ run }) : undefined,
    analytics ? await analyticsOf(engine, run) : undefined,
  ]);
  const found = { schema: "layoutlab/analysis@1", positions: places, ensembles, rules: fitted, ...worked };
  output(context, flags, found, () =>
    [
      ...(places === undefined ? [] : [positionsText(places)]),
      ...(ensembles === undefined ? [] : [ensemblesText(ensembles)]),
      ...(fitted === undefined ? [] : [rulesText(fitted)]),
      ...(worked === undefined ? [] : [analyticsText(worked)]),
    ].join("\n\n"),
  );
}

async function analyticsOf(engine: EngineApi, run: string): Promise<RunAnalytics> {
  const details = await engine.run({ run });
  return {
    variants: details.summary.variants.map(({ id }) => id),
    efficiency: await engine.efficiency({ run }),
    patterns: await engine.patterns({ run }),
    calibration: await engine.calibration({ run }),
    lengths: await engine.lengths({ run }),
    crossModel: await engine.crossModel({ run }),
  };
}

/** `RUN` or `RUN:VARIANT`; run ids hold no colon. */
function sideOf(text: string) {
  const at = text.indexOf(":");
  return at === -1 ? { run: text } : { run: text.slice(0, at), variant: text.slice(at + 1) };
}

function runsTable(runs: readonly RunListItem[]): string {
  return table(
    [
      { title: "run" },
      { title: "experiment" },
      { title: "status" },
      { title: "variants", align: "right" },
      { title: "best" },
    ],
    runs.map((run) => {
      const best = [...run.variants].sort((a, b) => (b.accuracy ?? -1) - (a.accuracy ?? -1))[0];
      return [
        run.run,
        run.name,
        run.live ? "running" : run.status,
        integer(run.variants.length),
        best?.accuracy === undefined ? "–" : `${best.layout} ${percent(best.accuracy)}`,
      ];
    }),
  );
}

const methods = { mcnemarMidP: "McNemar's test, mid-p", pairedBootstrap: "paired bootstrap" } as const;

function comparisonText({ a, b, comparison, pairing }: ComparisonReport): string {
  const { test, effect, power } = comparison;
  // A p-value would not hold where a race chose the rows.
  const tested = comparison.stoppedEarly
    ? "no p-value, as a race chose the rows"
    : `p = ${test.pValue.toPrecision(2)} (${methods[test.method]})`;
  return [
    table(
      [{ title: "" }, { title: "variant" }, { title: "accuracy", align: "right" }],
      [
        ["A", `${a.run} ${a.variant}`, percent(comparison.meanA)],
        ["B", `${b.run} ${b.variant}`, percent(comparison.meanB)],
      ],
    ),
    "",
    comparison.explanation,
    ...(pairing.by === "id" ? [] : ["The datasets differ: examples are paired by their content."]),
    ...(pairing.changed === 0
      ? []
      : [`${integer(pairing.changed)} examples have the same id and other content: they are not paired.`]),
    `${integer(comparison.rows)} examples in both (${comparison.onlyA} only in A, ${comparison.onlyB} only in B); ` +
      `B better on ${comparison.wins}, worse on ${comparison.losses}; ${tested}; ` +
      `Cohen's h ${effect.cohensH.toFixed(2)}; so many rows show a difference of ${(power.detectable * 100).toFixed(1)} points in four of five tries.`,
  ].join("\n");
}

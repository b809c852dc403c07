import type { CalibrationReport } from "../analysis/calibration.ts";
import type { CrossModelReport } from "../analysis/crossModel.ts";
import type { EfficiencyReport } from "../analysis/efficiency.ts";
import type { LengthReport } from "../analysis/lengths.ts";
import type { PatternReport } from "../analysis/patterns.ts";
import { measureWords, sourceWords, targetWords } from "../analysis/words.ts";

/** All that can be worked out of a run. */
export interface RunAnalytics {
  /** Ids of variants in the run's order. */
  readonly variants: readonly string[];
  readonly efficiency: EfficiencyReport;
  readonly patterns: PatternReport;
  readonly calibration: CalibrationReport;
  readonly lengths: LengthReport;
  readonly crossModel: CrossModelReport;
}

/** A section as any report writes it: plain text that is still to be escaped. */
export interface AnalyticsSection {
  readonly title: string;
  readonly columns: readonly { readonly title: string; readonly align?: "right" }[];
  readonly rows: readonly (readonly string[])[];
  /** Sentences below the table. */
  readonly lines: readonly string[];
}

const mostPatterns = 20;

/** A section for each thing there is something to say of. */
export function analyticsSections(found: RunAnalytics): readonly AnalyticsSection[] {
  return [
    efficiencySection(found.efficiency),
    patternsSection(found.patterns, found.variants),
    calibrationSection(found.calibration),
    lengthsSection(found.lengths),
    modelsSection(found.crossModel),
    factorsSection(found.crossModel),
  ].filter(({ rows, lines }) => rows.length + lines.length > 0);
}

const right = (title: string) => ({ title, align: "right" as const });

function efficiencySection({ variants, against, changes }: EfficiencyReport): AnalyticsSection {
  const spent = { tokens: "tokens", cost: "money", latency: "time" } as const;
  return {
    title: "What a right answer takes",
    columns: [{ title: "variant" }, right("tokens"), right("interval"), right("money"), right("median call")],
    rows: variants.flatMap(({ variant, tokensPerCorrect: tokens, costPerCorrect: cost, latency }) =>
      tokens === null && cost === null && latency === null
        ? []
        : [
            [
              variant,
              tokens === null ? "–" : whole(tokens.ratio),
              tokens === null ? "" : `${whole(tokens.lo)} to ${whole(tokens.hi)}`,
              cost === null ? "unknown" : cost.ratio === 0 ? "$0" : `$${cost.ratio.toPrecision(2)}`,
              latency === null
                ? "–"
                : latency.median > 0 && latency.median < 1
                  ? "< 1 ms"
                  : `${whole(latency.median)} ms`,
            ],
          ],
    ),
    lines: changes
      .filter(({ differs }) => differs)
      .map(
        ({ variant, what, factor, interval: [lo, hi] }) =>
          `${variant} takes ${factor.toFixed(2)} times (${lo.toFixed(2)} to ${hi.toFixed(2)}) the ${spent[what]} of ${against}.`,
      ),
  };
}

function patternsSection(report: PatternReport, names: readonly string[]): AnalyticsSection {
  const { found, confusions, tested, falseDiscoveryRate, agreement } = report;
  const fared =
    agreement.some === 0
      ? []
      : [
          `Of ${whole(agreement.rows)} rows, ${whole(agreement.all)} are right under every variant, ${whole(agreement.none)} under none.`,
        ];
  const none = found.length + confusions.length === 0;
  const rates = (failures: number, rows: number, rate: number, restRate: number, adjusted: number) => [
    `${whole(failures)} of ${whole(rows)}`,
    percent(rate),
    percent(restRate),
    adjusted < 0.001 ? "< 0.001" : adjusted.toFixed(3),
  ];
  return {
    title: "What failing rows have in common",
    columns: [
      { title: "what" },
      { title: "where" },
      right("rows"),
      right("rate"),
      right("elsewhere"),
      right("p, corrected"),
    ],
    rows: [
      ...found
        .slice(0, mostPatterns)
        .map((one) => [
          targetWords(one.target, names),
          one.condition,
          ...rates(one.failures, one.rows, one.rate, one.restRate, one.adjusted),
        ]),
      ...confusions
        .slice(0, mostPatterns)
        .map((one) => [
          `taken for ${one.prediction} under ${names[one.variant] ?? one.variant}`,
          `expected is ${one.expected}`,
          ...rates(one.count, one.rows, one.rate, one.restRate, one.adjusted),
        ]),
    ],
    lines: [
      ...(tested === 0
        ? []
        : [
            none
              ? `Nothing, of ${whole(tested)} things tested.`
              : `${whole(tested)} things were tested; of those listed about ${percent(falseDiscoveryRate)} may be chance.`,
          ]),
      ...fared,
    ],
  };
}

function calibrationSection({ variants }: CalibrationReport): AnalyticsSection {
  const judged = variants.flatMap(({ figures, ...one }) => (figures === null ? [] : [{ ...one, figures }]));
  return {
    title: "Confidence",
    columns: [
      { title: "variant" },
      { title: "confidence" },
      right("answers"),
      right("error (ECE)"),
      right("interval"),
      right("Brier"),
      right("temperature"),
      right("error, scaled"),
    ],
    rows: judged.map(({ variant, source, rows, figures: { ece, eceInterval, brier, scaled } }) => [
      variant,
      sourceWords[source],
      whole(rows),
      percent(ece),
      `${percent(eceInterval[0])} to ${percent(eceInterval[1])}`,
      brier.toFixed(3),
      scaled.temperature.toFixed(2),
      percent(scaled.ece),
    ]),
    lines:
      judged.length === 0 && variants.length > 0
        ? ["Too few answers with a confidence to judge it: it takes 100 of a variant."]
        : [],
  };
}

function lengthsSection({ effects }: LengthReport): AnalyticsSection {
  const amount = (value: number) => (Number.isInteger(value) ? whole(value) : value.toFixed(1));
  const said = effects
    .filter(({ matters }) => matters)
    .map(({ variant, measure, odds, correlation }) =>
      odds === null
        ? `${variant}: ${measureWords[measure]} decide nearly everything (rank correlation ${correlation.toFixed(2)}).`
        : `${variant}: from ${amount(odds.from)} to ${amount(odds.to)} ${measureWords[measure]} the odds of a right answer are multiplied by ${odds.factor.toFixed(2)} (${odds.lo.toFixed(2)} to ${odds.hi.toFixed(2)}).`,
    );
  const none = effects.length > 0 && said.length === 0;
  return {
    title: "Length",
    columns: [],
    rows: [],
    lines: none ? ["No effect of length is shown for any variant."] : said,
  };
}

function modelsSection({ interaction }: CrossModelReport): AnalyticsSection {
  const lines = interaction === null ? [] : [interaction.explanation];
  return { title: "Layouts and models", columns: [], rows: [], lines };
}

function factorsSection({ factors }: CrossModelReport): AnalyticsSection {
  return {
    title: "Layouts and parameters",
    columns: [],
    rows: [],
    lines: factors.map(({ explanation }) => explanation),
  };
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

import type { CalibrationReport } from "../../engine/analysis/calibration.ts";
import type { CrossModelReport } from "../../engine/analysis/crossModel.ts";
import type { EfficiencyReport } from "../../engine/analysis/efficiency.ts";
import type { LengthReport } from "../../engine/analysis/lengths.ts";
import type { PatternReport } from "../../engine/analysis/patterns.ts";
import { measureWords, sourceWords, targetWords } from "../../engine/analysis/words.ts";
import { dollars, integer, percent } from "./numbers.ts";
import { table } from "./table.ts";

export interface AnalyticsOf {
  /** Ids in the run's order. */
  readonly variants: readonly string[];
  readonly efficiency: EfficiencyReport;
  readonly patterns: PatternReport;
  readonly calibration: CalibrationReport;
  readonly lengths: LengthReport;
  readonly crossModel: CrossModelReport;
}

const mostPatterns = 20;

/** Everything that was worked out, a section each; what there is nothing to say of is left out. */
export function analyticsText({
  variants,
  efficiency,
  patterns,
  calibration,
  lengths,
  crossModel,
}: AnalyticsOf): string {
  return [
    efficiencyText(efficiency),
    patternsText(patterns, variants),
    calibrationText(calibration),
    lengthsText(lengths),
    ...(crossModel.interaction === null ? [] : [`Layouts and models\n${crossModel.interaction.explanation}`]),
    ...(crossModel.factors.length === 0
      ? []
      : [`Layouts and parameters\n${crossModel.factors.map(({ explanation }) => explanation).join("\n")}`]),
  ]
    .filter((text) => text !== "")
    .join("\n\n");
}

function efficiencyText({ variants, against, changes }: EfficiencyReport): string {
  const rows = variants.map(({ variant, tokensPerCorrect, costPerCorrect, latency }) => [
    variant,
    tokensPerCorrect === null ? "–" : integer(tokensPerCorrect.ratio),
    tokensPerCorrect === null ? "" : `[${integer(tokensPerCorrect.lo)}, ${integer(tokensPerCorrect.hi)}]`,
    costPerCorrect === null ? "unknown" : dollars(costPerCorrect.ratio),
    latency === null ? "–" : `${integer(latency.median)} ms`,
  ]);
  const said = changes
    .filter(({ differs }) => differs)
    .map(
      ({ variant, what, factor, interval: [lo, hi] }) =>
        `${variant} takes ${factor.toFixed(2)} times (${lo.toFixed(2)} to ${hi.toFixed(2)}) the ${spentWords[what]} of ${against}.`,
    );
  return [
    "What a right answer takes",
    table(
      [
        { title: "variant" },
        { title: "tokens", align: "right" },
        { title: "" },
        { title: "money", align: "right" },
        { title: "median call", align: "right" },
      ],
      rows,
    ),
    ...said,
  ].join("\n");
}

const spentWords = { tokens: "tokens", cost: "money", latency: "time" } as const;

function patternsText(
  { found, confusions, tested, falseDiscoveryRate, agreement }: PatternReport,
  names: readonly string[],
): string {
  const fared =
    agreement.rows === 0 || agreement.rows === agreement.all + agreement.none
      ? []
      : [
          `Of ${integer(agreement.rows)} rows, ${integer(agreement.all)} are right under every variant, ${integer(agreement.none)} under none.`,
        ];
  if (found.length === 0 && confusions.length === 0) {
    return ["What failing rows have in common", `Nothing, of ${integer(tested)} things tested.`, ...fared].join("\n");
  }
  const head = `What failing rows have in common (${integer(tested)} things tested; of those found, at most ${percent(falseDiscoveryRate)} are expected to be chance)`;
  const body = [
    ...found
      .slice(0, mostPatterns)
      .map((one) => [
        targetWords(one.target, names),
        one.condition,
        `${integer(one.failures)} of ${integer(one.rows)}`,
        percent(one.rate),
        percent(one.restRate),
        p(one.adjusted),
      ]),
    ...confusions
      .slice(0, mostPatterns)
      .map((one) => [
        `taken for ${one.prediction} under ${names[one.variant] ?? ""}`,
        `expected is ${one.expected}`,
        `${integer(one.count)} of ${integer(one.rows)}`,
        percent(one.rate),
        percent(one.restRate),
        p(one.adjusted),
      ]),
  ];
  const columns = [
    { title: "what" },
    { title: "where" },
    { title: "rows", align: "right" },
    { title: "rate", align: "right" },
    { title: "elsewhere", align: "right" },
    { title: "p, corrected", align: "right" },
  ] as const;
  return [head, table(columns, body), ...fared].join("\n");
}

function p(value: number): string {
  return value < 0.001 ? "< 0.001" : value.toFixed(3);
}

function calibrationText({ variants }: CalibrationReport): string {
  if (variants.length === 0) return "";
  const lines = variants.map(
    ({ variant, source, explanation }) => `${variant}, ${sourceWords[source]}: ${explanation}`,
  );
  return ["Confidence", ...lines].join("\n");
}

function lengthsText({ effects }: LengthReport): string {
  const said = effects.flatMap(({ variant, measure, matters, odds, correlation }) => {
    if (!matters) return [];
    return [
      odds === null
        ? `${variant}: ${measureWords[measure]} decide nearly everything (rank correlation ${correlation.toFixed(2)}).`
        : `${variant}: from ${amount(odds.from)} to ${amount(odds.to)} ${measureWords[measure]} the odds of a right answer are multiplied by ${odds.factor.toFixed(2)} (${odds.lo.toFixed(2)} to ${odds.hi.toFixed(2)}).`,
    ];
  });
  if (effects.length === 0) return "";
  return ["Length", ...(said.length === 0 ? ["No effect of length is shown for any variant."] : said)].join("\n");
}

function amount(value: number): string {
  return Number.isInteger(value) ? integer(value) : value.toFixed(1);
}

import type { PositionReport } from "../../engine/analysis/storedPositions.ts";
import type { EnsembleReport } from "../../engine/ensemble/judge.ts";
import type { RulesReport } from "../../engine/ensemble/judgeRules.ts";
import { integer, interval, percent } from "./numbers.ts";
import { table } from "./table.ts";

/** Accuracy by place, a table a variant. */
export function positionsText({ column, curves }: PositionReport): string {
  const place = (value: number) => (column === null ? percent(value) : String(value));
  return curves
    .map(({ variant, bins, explanation }) =>
      [
        variant,
        table(
          [
            { title: column ?? "place" },
            { title: "rows", align: "right" },
            { title: "accuracy", align: "right" },
            { title: "" },
          ],
          bins.map((bin) => [
            bin.from === bin.to ? place(bin.from) : `${place(bin.from)} – ${place(bin.to)}`,
            integer(bin.rows),
            percent(bin.accuracy),
            interval(bin.interval),
          ]),
        ),
        explanation,
      ].join("\n"),
    )
    .join("\n\n");
}

export function rulesText(reports: readonly RulesReport[]): string {
  return reports
    .map(({ model, explanation, yaml }) =>
      [`${model}: ${explanation}`, ...(yaml === undefined ? [] : ["", yaml])].join("\n"),
    )
    .join("\n");
}

export function ensemblesText(reports: readonly EnsembleReport[]): string {
  return reports.map(({ model, explanation }) => `${model}: ${explanation}`).join("\n");
}

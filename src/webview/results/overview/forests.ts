import { html, type TemplateResult } from "lit";
import type { VariantSummary } from "../../../engine/runner/events.ts";
import { chartFrame } from "../../shared/charts/chartFrame.ts";
import { type ForestRow, forestPlot } from "../../shared/charts/forest.ts";
import { csvText } from "../../shared/csv.ts";
import { count, interval, percent, signedPoints } from "../../shared/format.ts";
import type { ResultsContext } from "../context.ts";

export function accuracyForest(context: ResultsContext, variants: readonly VariantSummary[]): TemplateResult {
  const sorted = variants.toSorted((a, b) => b.accuracy - a.accuracy);
  const rows = sorted.map(
    (variant): ForestRow => ({
      id: variant.id,
      label: context.nameOf(variant.id),
      value: variant.accuracy,
      interval: variant.interval,
      text: `${percent(variant.accuracy)} (${count(variant.trials)})`,
      kind: variant.status,
    }),
  );
  return chartFrame({
    title: "Accuracy",
    name: "accuracy",
    note: "Each variant on the rows it was asked, with the interval for future rows; hollow where it was dropped.",
    draw: (width) =>
      forestPlot({
        label: "Accuracy of each variant with its interval; the table below has the numbers",
        rows,
        width,
        axis: "percent right (trials)",
        format: (value) => String(Number((value * 100).toFixed(1))),
        limits: [0, 1],
      }),
    table: html`<table class="table compact">
      <thead>
        <tr><th scope="col">Variant</th><th scope="col" class="number">Accuracy</th><th scope="col" class="number">Interval</th><th scope="col" class="number">Trials</th></tr>
      </thead>
      <tbody>
        ${sorted.map(
          (variant) => html`<tr>
            <th scope="row">${context.nameOf(variant.id)}</th>
            <td class="number">${percent(variant.accuracy)}</td>
            <td class="number">${interval(variant.interval)}</td>
            <td class="number">${count(variant.trials)}</td>
          </tr>`,
        )}
      </tbody>
    </table>`,
    csv: () =>
      csvText(
        ["variant", "accuracy", "low", "high", "trials"],
        sorted.map((variant) => [variant.id, variant.accuracy, ...variant.interval, variant.trials]),
      ),
    onSave: context.save,
  });
}

/** The verdict's own evidence: each rival against the variant it names, on the rows both were asked. */
export function differenceForest(context: ResultsContext): TemplateResult {
  const { verdict } = context.details.summary;
  const named = verdict.winner === null ? "the best" : context.nameOf(verdict.winner);
  const rivals = verdict.rivals.toSorted((a, b) => a.difference - b.difference);
  const tied = new Set(verdict.tied);
  const tested = rivals.some((rival) => rival.pValue !== undefined);
  const rows = rivals.map(
    (rival): ForestRow => ({
      id: rival.id,
      label: context.nameOf(rival.id),
      value: rival.difference,
      interval: rival.interval,
      text: `${signedPoints(rival.difference)} (${count(rival.rows)})`,
      kind: tied.has(rival.id) ? "active" : "dropped",
    }),
  );
  return chartFrame({
    title: `How far ${named} is ahead`,
    name: "differences",
    note: `Paired, on the rows both were asked; the interval is about future rows. Inside the grey band a difference does not count.`,
    draw: (width) =>
      forestPlot({
        label: `Points by which ${named} is ahead of each rival, with intervals; the table below has the numbers`,
        rows,
        width,
        axis: "points ahead (rows)",
        format: (value) => signedPoints(value).replace(/\.0$/, ""),
        reference: 0,
        ...(verdict.equivalence > 0 ? { band: [-verdict.equivalence, verdict.equivalence] as const } : {}),
        limits: [-1, 1],
      }),
    table: html`<table class="table compact">
      <thead>
        <tr>
          <th scope="col">Rival</th>
          <th scope="col" class="number">Points ahead</th>
          <th scope="col" class="number">Interval</th>
          <th scope="col" class="number">Rows</th>
          ${tested ? html`<th scope="col" class="number">p</th><th scope="col" class="number">p, corrected</th>` : ""}
        </tr>
      </thead>
      <tbody>
        ${rivals.map(
          (rival) => html`<tr>
            <th scope="row">${context.nameOf(rival.id)}</th>
            <td class="number">${signedPoints(rival.difference)}</td>
            <td class="number">${signedPoints(rival.interval[0])} to ${signedPoints(rival.interval[1])}</td>
            <td class="number">${count(rival.rows)}</td>
            ${tested ? html`<td class="number">${rival.pValue?.toFixed(4) ?? "–"}</td><td class="number">${rival.adjusted?.toFixed(4) ?? "–"}</td>` : ""}
          </tr>`,
        )}
      </tbody>
    </table>`,
    csv: () =>
      csvText(
        ["rival", "difference", "low", "high", "rows", "p", "p_corrected"],
        rivals.map((rival) => [
          rival.id,
          rival.difference,
          ...rival.interval,
          rival.rows,
          rival.pValue,
          rival.adjusted,
        ]),
      ),
    onSave: context.save,
  });
}

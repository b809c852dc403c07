import { html, nothing, type TemplateResult } from "lit";
import type { CalibrationReport, ConfidenceSource, VariantCalibration } from "../../../engine/analysis/calibration.ts";
import { chartFrame } from "../../shared/charts/chartFrame.ts";
import { xyChart } from "../../shared/charts/xyChart.ts";
import { csvText } from "../../shared/csv.ts";
import { count, interval, percent, signedPoints } from "../../shared/format.ts";
import { emptyState } from "../../shared/notice.ts";
import { scrollBox } from "../../shared/scrollBox.ts";
import { term } from "../../shared/term.ts";
import type { ResultsContext } from "../context.ts";
import { reportView } from "../reportView.ts";

const sources: Readonly<Record<ConfidenceSource, string>> = {
  stated: "stated by the model",
  tokens: "probability of its tokens",
  recorded: "recorded",
  agreement: "agreement of the layouts",
};

/** How far confidences can be believed. */
export function calibrationTab(context: ResultsContext): TemplateResult {
  return reportView(context, "calibration", "Holding confidences against answers…", (report) => draw(context, report));
}

function draw(context: ResultsContext, report: CalibrationReport): TemplateResult {
  const { variants } = report;
  if (variants.length === 0) {
    return emptyState({
      icon: "graph-scatter",
      title: "No answer has a confidence",
      text: "Ask for one with “confidence: true” under output, or use a model that gives the probabilities of its tokens. With three layouts or more, their agreement is one too.",
    });
  }
  const judged = variants.filter(({ figures }) => figures !== null);
  const chosen = judged.find((one) => keyOf(one) === context.state.calibration) ?? judged[0];
  return html`<section class="section" aria-labelledby="calibration">
      <div class="section-head"><h2 id="calibration">Calibration</h2></div>
      <p class="muted">A confidence of 80 % is honest when such answers are right four times of five.</p>
      ${table(context, variants)}
    </section>
    ${chosen === undefined ? nothing : html`<section class="section">${diagram(context, judged, chosen)}</section>`}`;
}

function keyOf({ variant, source }: VariantCalibration): string {
  return `${source} ${variant}`;
}

function table({ nameOf }: ResultsContext, variants: readonly VariantCalibration[]): TemplateResult {
  return html`<div class="table-scroll" ${scrollBox("Calibration by variant")}>
    <table class="table">
      <thead>
        <tr>
          <th scope="col">Variant</th>
          <th scope="col">Source</th>
          <th scope="col" class="number">${term("Answers", "Answers that have a confidence")}</th>
          <th scope="col" class="number">Right</th>
          <th scope="col" class="number">${term("Confidence", "Mean confidence")}</th>
          <th scope="col" class="number">${term("Error (ECE)", "Expected calibration error: in groups of answers of like confidence, how far their mean confidence and their share of right answers lie apart, on average. 0 % is perfect; its interval stands in brackets")}</th>
          <th scope="col" class="number">${term("Brier", "Brier score: the mean squared gap between confidence and outcome, which is 1 when right and 0 when wrong. 0 is perfect; to say 50 % every time gives 0.25")}</th>
          <th scope="col" class="number">${term("Temperature", "What the log-odds of the confidences would have to be divided by to fit what came true. 1 is honest, above it the model is too sure, below it not sure enough")}</th>
          <th scope="col" class="number">${term("Error, scaled", "Calibration error once scaled by that temperature, fitted on other rows")}</th>
        </tr>
      </thead>
      <tbody>
        ${variants.map(
          (one) => html`<tr>
            <th scope="row" class="nowrap">${nameOf(one.variant)}</th>
            <td>${sources[one.source]}</td>
            <td class="number">${count(one.rows)}</td>
            <td class="number">${percent(one.accuracy)}</td>
            <td class="number">${percent(one.meanConfidence)} <span class="muted">${signedPoints(one.meanConfidence - one.accuracy)}</span></td>
            ${
              one.figures === null
                ? html`<td colspan="4" class="muted">${one.explanation}</td>`
                : html`<td class="number">${percent(one.figures.ece)} <span class="muted">(${interval(one.figures.eceInterval)})</span></td>
                    <td class="number">${one.figures.brier.toFixed(3)}</td>
                    <td class="number">${one.figures.scaled.temperature.toFixed(2)}</td>
                    <td class="number">${percent(one.figures.scaled.ece)}</td>`
            }
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function diagram(
  context: ResultsContext,
  judged: readonly VariantCalibration[],
  chosen: VariantCalibration,
): TemplateResult {
  const { figures } = chosen;
  if (figures === null) return html``;
  const label = (one: VariantCalibration) => `${context.nameOf(one.variant)}, ${sources[one.source]}`;
  const rows = [
    ...figures.bins.map((bin) => ({ ...bin, which: "as it is" })),
    ...figures.scaled.bins.map((bin) => ({ ...bin, which: "scaled" })),
  ];
  return chartFrame({
    title: "Reliability",
    name: "reliability",
    note: `${chosen.explanation} On the dashed line confidence is honest; below it the model is too sure.`,
    controls: html`<label class="field"
      >Variant
      <select
        id="calibration-variant"
        .value=${keyOf(chosen)}
        @change=${(event: Event) => context.update({ calibration: (event.target as HTMLSelectElement).value })}
      >
        ${judged.map((one) => html`<option value=${keyOf(one)} ?selected=${one === chosen}>${label(one)}</option>`)}
      </select></label
    >`,
    draw: (width) =>
      xyChart({
        label: `Share of right answers by confidence, for ${label(chosen)}; the table below has the numbers`,
        series: [
          {
            label: "as it is",
            points: figures.bins.map((bin) => ({ x: bin.confidence, y: bin.accuracy, interval: bin.interval })),
          },
          {
            label: "scaled by temperature",
            hollow: true,
            points: figures.scaled.bins.map((bin) => ({ x: bin.confidence, y: bin.accuracy })),
          },
        ],
        width: Math.min(width, 640),
        height: 380,
        xAxis: "confidence, percent",
        yAxis: "percent right, with intervals",
        formatX: (value) => String(Math.round(value * 100)),
        formatY: (value) => String(Math.round(value * 100)),
        xDomain: [0, 1],
        yDomain: [0, 1],
        diagonal: true,
      }),
    table: html`<div class="table-scroll" ${scrollBox("Reliability")}><table class="table compact">
      <thead>
        <tr><th scope="col">Confidence</th><th scope="col">Of</th><th scope="col" class="number">Right</th><th scope="col" class="number">Interval</th><th scope="col" class="number">Answers</th></tr>
      </thead>
      <tbody>
        ${rows.map(
          (bin) => html`<tr>
            <th scope="row">${percent(bin.confidence)}</th>
            <td>${bin.which}</td>
            <td class="number">${percent(bin.accuracy)}</td>
            <td class="number">${interval(bin.interval)}</td>
            <td class="number">${count(bin.count)}</td>
          </tr>`,
        )}
      </tbody>
    </table></div>`,
    csv: () =>
      csvText(
        ["variant", "source", "which", "confidence", "accuracy", "low", "high", "answers"],
        rows.map((bin) => [
          chosen.variant,
          chosen.source,
          bin.which,
          bin.confidence,
          bin.accuracy,
          ...bin.interval,
          bin.count,
        ]),
      ),
    onSave: context.save,
  });
}

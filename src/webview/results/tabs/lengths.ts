import { html, type TemplateResult } from "lit";
import type { LengthEffect, LengthMeasure, LengthReport } from "../../../engine/analysis/lengths.ts";
import { chartFrame } from "../../shared/charts/chartFrame.ts";
import { xyChart } from "../../shared/charts/xyChart.ts";
import { csvText } from "../../shared/csv.ts";
import { count, interval, percent } from "../../shared/format.ts";
import { emptyState } from "../../shared/notice.ts";
import { scrollBox } from "../../shared/scrollBox.ts";
import { term } from "../../shared/term.ts";
import type { ResultsContext } from "../context.ts";
import { reportView } from "../reportView.ts";

const measures: Readonly<Record<LengthMeasure, string>> = {
  words: "words in the text",
  sentence: "words in a sentence",
  word: "letters in a word",
};

/** Accuracy by how long and how dense the texts are. */
export function lengthTab(context: ResultsContext): TemplateResult {
  return reportView(context, "lengths", "Sorting the rows by length…", (report) => draw(context, report));
}

function draw(context: ResultsContext, report: LengthReport): TemplateResult {
  if (report.effects.length === 0) {
    return emptyState({
      icon: "list-ordered",
      title: "Too few rows",
      text: "It takes 30 scored rows of a variant to say anything about length.",
    });
  }
  const own = report.effects.filter(({ measure }) => measure === context.state.lengthMeasure);
  const effects = own.length > 0 ? own : report.effects.filter(({ measure }) => measure === "words");
  const measure = effects[0]?.measure ?? "words";
  const { nameOf } = context;
  const place = (value: number) => (measure === "words" ? count(value) : value.toFixed(1));
  const bins = effects.flatMap(({ variant, bins: all }) => all.map((bin) => ({ variant, ...bin })));
  return html`<section class="section" aria-labelledby="length">
    <div class="section-head"><h2 id="length">Length and density</h2></div>
    ${effectTable(context, report)}
  </section>
  <section class="section">${chartFrame({
    title: `Accuracy by ${measures[measure]}`,
    name: "length",
    note: "Rows in bins of about equal size, each at the middle of its range.",
    controls: html`<label class="field"
      >By
      <select
        id="length-measure"
        .value=${measure}
        @change=${(event: Event) => context.update({ lengthMeasure: (event.target as HTMLSelectElement).value })}
      >
        ${Object.entries(measures).map(([id, name]) => html`<option value=${id} ?selected=${id === measure}>${name}</option>`)}
      </select></label
    >`,
    draw: (width) =>
      xyChart({
        label: `Accuracy by ${measures[measure]} of each variant; the table below has the numbers`,
        series: effects.map(({ variant, bins: all }) => ({
          label: nameOf(variant),
          // Intervals of several variants over one place would hide each other; the table has them.
          points: all.map((bin) => ({
            x: (bin.from + bin.to) / 2,
            y: bin.accuracy,
            ...(effects.length === 1 ? { interval: bin.interval } : {}),
          })),
        })),
        width,
        xAxis: measures[measure],
        yAxis: "percent right",
        formatX: place,
        formatY: (value) => String(Math.round(value * 100)),
        yDomain: [0, 1],
      }),
    table: html`<div class="table-scroll" ${scrollBox("Accuracy by length")}><table class="table compact">
      <thead>
        <tr><th scope="col">Variant</th><th scope="col" class="number">From</th><th scope="col" class="number">To</th><th scope="col" class="number">Rows</th><th scope="col" class="number">Accuracy</th><th scope="col" class="number">Interval</th></tr>
      </thead>
      <tbody>
        ${bins.map(
          (bin) => html`<tr>
            <th scope="row">${nameOf(bin.variant)}</th>
            <td class="number">${place(bin.from)}</td>
            <td class="number">${place(bin.to)}</td>
            <td class="number">${count(bin.rows)}</td>
            <td class="number">${percent(bin.accuracy)}</td>
            <td class="number">${interval(bin.interval)}</td>
          </tr>`,
        )}
      </tbody>
    </table></div>`,
    csv: () =>
      csvText(
        ["variant", "measure", "from", "to", "rows", "accuracy", "low", "high"],
        bins.map((bin) => [bin.variant, measure, bin.from, bin.to, bin.rows, bin.accuracy, ...bin.interval]),
      ),
    onSave: context.save,
  })}</section>`;
}

function effectTable({ nameOf }: ResultsContext, { effects }: LengthReport): TemplateResult {
  const matter = effects.filter(({ matters }) => matters);
  const shown = matter.length > 0 ? matter : effects.filter(({ measure }) => measure === "words");
  return html`<p>${
    matter.length === 0
      ? "No effect of length or density is shown for any variant."
      : "Where right answers go with length or density, by more than chance:"
  }</p>
  <div class="table-scroll" ${scrollBox("Effects of length")}>
    <table class="table compact">
      <thead>
        <tr>
          <th scope="col">Variant</th>
          <th scope="col">By</th>
          <th scope="col" class="number">${term("Odds of a right answer", "What the odds of a right answer are multiplied with from the lower quarter to the upper quarter of the rows")}</th>
          <th scope="col" class="number">${term("Correlation", "Rank correlation with the score, −1 to 1")}</th>
          <th scope="col" class="number">p, corrected</th>
        </tr>
      </thead>
      <tbody>
        ${shown.map(
          (effect) => html`<tr>
            <th scope="row" class="nowrap">${nameOf(effect.variant)}</th>
            <td class="nowrap">${measures[effect.measure]}</td>
            <td class="number">${oddsText(effect)}</td>
            <td class="number">${effect.correlation.toFixed(2).replace("-", "−")}</td>
            <td class="number">${effect.adjusted < 0.001 ? "< 0.001" : effect.adjusted.toFixed(3)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function oddsText({ odds, measure }: LengthEffect): TemplateResult {
  if (odds === null) return html`<span class="muted">no curve fits</span>`;
  const place = (value: number) => (measure === "words" ? count(value) : value.toFixed(1));
  return html`× ${odds.factor.toFixed(2)} <span class="muted">(${odds.lo.toFixed(2)} to ${odds.hi.toFixed(2)}) from ${place(odds.from)} to ${place(odds.to)}</span>`;
}

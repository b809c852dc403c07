import { html, nothing, type TemplateResult } from "lit";
import type { EfficiencyChange, EfficiencyReport, VariantEfficiency } from "../../../engine/analysis/efficiency.ts";
import { chartFrame } from "../../shared/charts/chartFrame.ts";
import { forestPlot } from "../../shared/charts/forest.ts";
import { csvText } from "../../shared/csv.ts";
import { compact, count, dollars, milliseconds, percent } from "../../shared/format.ts";
import { scrollBox } from "../../shared/scrollBox.ts";
import { term } from "../../shared/term.ts";
import type { ResultsContext } from "../context.ts";
import { reportView } from "../reportView.ts";

/** What a right answer takes: tokens, money, time. */
export function efficiencyView(context: ResultsContext): TemplateResult {
  return reportView(context, "efficiency", "Working out what a right answer takes…", (report) => draw(context, report));
}

function draw(context: ResultsContext, report: EfficiencyReport): TemplateResult {
  const { nameOf } = context;
  const known = report.variants.filter(({ tokensPerCorrect }) => tokensPerCorrect !== null);
  if (known.length === 0) return html``;
  const sorted = known.toSorted((a, b) => (a.tokensPerCorrect?.ratio ?? 0) - (b.tokensPerCorrect?.ratio ?? 0));
  const differing = report.changes.filter(({ differs }) => differs);
  return html`<section class="section" aria-labelledby="efficiency">
    <h2 id="efficiency">What a right answer takes</h2>
    ${
      report.against === null
        ? nothing
        : html`<p class="muted">Each variant beside ${nameOf(report.against)}, the most accurate one, on the rows both answered.
            ${differing.length === 0 ? "No difference in price stands after correction." : nothing}</p>`
    }
    ${table(context, report)}
    <div class="charts">${chartFrame({
      title: "Tokens per right answer",
      name: "tokens-per-right",
      note: "All tokens spent, on wrong answers too, for each right one; less is better.",
      draw: (width) =>
        forestPlot({
          label: "Tokens per right answer of each variant with its interval; the table above has the numbers",
          rows: sorted.map(({ variant, tokensPerCorrect }) => ({
            id: variant,
            label: nameOf(variant),
            value: tokensPerCorrect?.ratio ?? 0,
            interval: [tokensPerCorrect?.lo ?? 0, tokensPerCorrect?.hi ?? 0],
            text: count(tokensPerCorrect?.ratio ?? 0),
            kind: "active",
          })),
          width,
          axis: "tokens per right answer",
          format: compact,
          limits: [0, Number.POSITIVE_INFINITY],
        }),
      table: html`<div class="table-scroll" ${scrollBox("Tokens per right answer")}><table class="table compact">
        <thead>
          <tr><th scope="col">Variant</th><th scope="col" class="number">Tokens / right</th><th scope="col" class="number">From</th><th scope="col" class="number">To</th></tr>
        </thead>
        <tbody>
          ${sorted.map(
            ({ variant, tokensPerCorrect }) => html`<tr>
              <th scope="row">${nameOf(variant)}</th>
              <td class="number">${count(tokensPerCorrect?.ratio ?? 0)}</td>
              <td class="number">${count(tokensPerCorrect?.lo ?? 0)}</td>
              <td class="number">${count(tokensPerCorrect?.hi ?? 0)}</td>
            </tr>`,
          )}
        </tbody>
      </table></div>`,
      csv: () => csvOf(report),
      onSave: context.save,
    })}</div>
  </section>`;
}

function table({ nameOf }: ResultsContext, { variants, changes, against }: EfficiencyReport): TemplateResult {
  const changeOf = (variant: string, what: EfficiencyChange["what"]) =>
    changes.find((change) => change.variant === variant && change.what === what);
  return html`<div class="table-scroll" ${scrollBox("What a right answer takes")}>
    <table class="table compact">
      <thead>
        <tr>
          <th scope="col">Variant</th>
          <th scope="col" class="number">Tokens / right</th>
          <th scope="col" class="number">$ / 1,000 right</th>
          <th scope="col" class="number">${term("Median call", "Half of the measured calls took no longer")}</th>
        </tr>
      </thead>
      <tbody>
        ${variants.map(
          (one) => html`<tr>
            <th scope="row" class="nowrap">${nameOf(one.variant)}</th>
            <td class="number">${one.tokensPerCorrect === null ? "–" : count(one.tokensPerCorrect.ratio)} ${against === one.variant ? nothing : changeView(changeOf(one.variant, "tokens"))}</td>
            <td class="number">${perThousand(one)} ${against === one.variant ? nothing : changeView(changeOf(one.variant, "cost"))}</td>
            <td class="number">${one.latency === null ? "–" : milliseconds(one.latency.median)} ${against === one.variant ? nothing : changeView(changeOf(one.variant, "latency"))}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function perThousand({ costPerCorrect }: VariantEfficiency): string {
  return costPerCorrect === null ? "unknown" : dollars(costPerCorrect.ratio * 1000);
}

/** 0.8 (0.7 to 0.9) -> "−20 % (−30 to −10)", in bold where it stands after correction. */
function changeView(change: EfficiencyChange | undefined): TemplateResult | typeof nothing {
  if (change === undefined) return nothing;
  const relative = (factor: number) => {
    const text = ((factor - 1) * 100).toFixed(0);
    return `${factor > 1 && text !== "0" ? "+" : ""}${text === "-0" ? "0" : text}`.replace("-", "−");
  };
  const { factor, interval, differs, adjusted, rows } = change;
  const text = `${relative(factor)} % (${relative(interval[0])} to ${relative(interval[1])})`;
  const title = `${percent(factor, 0)} on ${count(rows)} rows${adjusted === null ? "" : `, corrected p ${adjusted.toFixed(4)}`}`;
  return differs
    ? html`<strong title=${title}>${text}</strong>`
    : html`<span class="muted" title=${title}>${text}</span>`;
}

function csvOf({ variants }: EfficiencyReport): string {
  return csvText(
    [
      "variant",
      "rows",
      "correct",
      "tokens_per_correct",
      "low",
      "high",
      "dollars_per_correct",
      "low",
      "high",
      "median_ms",
    ],
    variants.map(({ variant, rows, correct, tokensPerCorrect: tokens, costPerCorrect: cost, latency }) => [
      variant,
      rows,
      correct,
      tokens?.ratio,
      tokens?.lo,
      tokens?.hi,
      cost?.ratio,
      cost?.lo,
      cost?.hi,
      latency?.median,
    ]),
  );
}

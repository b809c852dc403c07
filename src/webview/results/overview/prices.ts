import { html, nothing, type TemplateResult } from "lit";
import type { VariantSummary } from "../../../engine/runner/events.ts";
import { chartFrame } from "../../shared/charts/chartFrame.ts";
import { paretoFront } from "../../shared/charts/pareto.ts";
import { scatterPlot } from "../../shared/charts/scatter.ts";
import { csvText } from "../../shared/csv.ts";
import { compact, count, dollars, percent } from "../../shared/format.ts";
import type { ResultsContext } from "../context.ts";
import { costPerThousand } from "./leaderboard.ts";

interface Price {
  readonly id: string;
  readonly label: string;
  readonly axis: string;
  readonly of: (variant: VariantSummary) => number | null;
  readonly format: (value: number) => string;
}

const prices: readonly Price[] = [
  {
    id: "tokensPerCorrect",
    label: "tokens per right answer",
    axis: "tokens per right answer",
    of: (variant) => variant.tokensPerCorrect,
    format: compact,
  },
  { id: "cost", label: "cost", axis: "US dollars per 1,000 calls", of: costPerThousand, format: dollars },
  {
    id: "tokens",
    label: "prompt tokens",
    axis: "prompt tokens a call",
    of: (variant) => variant.layoutMetrics.promptTokens,
    format: count,
  },
];

/** Accuracy against what it takes; on the dashed front nothing is both better and cheaper. */
export function priceScatter(context: ResultsContext, variants: readonly VariantSummary[]): TemplateResult {
  const usable = prices.filter((price) => variants.some((variant) => price.of(variant) !== null));
  const price = usable.find(({ id }) => id === context.state.price) ?? usable[0];
  if (price === undefined) return html``;
  const points = variants.flatMap((variant) => {
    const x = price.of(variant);
    return x === null
      ? []
      : [
          {
            id: variant.id,
            label: context.nameOf(variant.id),
            x,
            y: variant.accuracy,
            interval: variant.interval,
            kind: variant.status,
          },
        ];
  });
  const front = new Set(paretoFront(points));
  const left = variants.length - points.length;
  return chartFrame({
    title: "Accuracy against price",
    name: "price",
    note: `On the dashed line nothing is both more accurate and cheaper.${left > 0 ? ` ${left} without a known price are left out.` : ""}`,
    controls:
      usable.length < 2
        ? html``
        : html`<label class="field"
            >Price
            <select
              id="price"
              .value=${price.id}
              @change=${(event: Event) => context.update({ price: (event.target as HTMLSelectElement).value })}
            >
              ${usable.map((each) => html`<option value=${each.id} ?selected=${each.id === price.id}>${each.label}</option>`)}
            </select></label
          >`,
    draw: (width) =>
      scatterPlot({
        label: `Accuracy against ${price.label} of each variant; the table below has the numbers`,
        points,
        width,
        xAxis: price.axis,
        yAxis: "percent right",
        formatX: price.format,
        formatY: (value) => String(Number((value * 100).toFixed(1))),
      }),
    table: html`<table class="table compact">
      <thead>
        <tr><th scope="col">Variant</th><th scope="col" class="number">Accuracy</th><th scope="col" class="number">${price.axis}</th><th scope="col">On the front</th></tr>
      </thead>
      <tbody>
        ${points.map(
          (point, i) => html`<tr>
            <th scope="row">${point.label}</th>
            <td class="number">${percent(point.y)}</td>
            <td class="number">${price.format(point.x)}</td>
            <td>${front.has(i) ? "yes" : nothing}</td>
          </tr>`,
        )}
      </tbody>
    </table>`,
    csv: () =>
      csvText(
        ["variant", "accuracy", price.id, "on_front"],
        points.map((point, i) => [point.id, point.y, point.x, front.has(i) ? "yes" : "no"]),
      ),
    onSave: context.save,
  });
}

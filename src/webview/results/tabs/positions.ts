import { html, nothing, type TemplateResult } from "lit";
import type { PositionBin } from "../../../engine/analysis/positions.ts";
import type { PositionReport } from "../../../engine/analysis/storedPositions.ts";
import { chartFrame } from "../../shared/charts/chartFrame.ts";
import { curvePlot } from "../../shared/charts/curves.ts";
import { csvText } from "../../shared/csv.ts";
import { count, percent } from "../../shared/format.ts";
import { emptyState } from "../../shared/notice.ts";
import { PanelElement } from "../../shared/panelElement.ts";
import { scrollBox } from "../../shared/scrollBox.ts";
import type { ResultsContext } from "../context.ts";
import { type Loaded, latestLoad, loadedView, notYet } from "../loaded.ts";

/** Accuracy by where the decisive text stands. */
export class PositionsTab extends PanelElement {
  static override properties = { context: { attribute: false }, report: { state: true } };

  declare context: ResultsContext;
  declare private report: Loaded<PositionReport>;
  #asked = "";
  readonly #load = latestLoad<PositionReport>((loaded) => {
    this.report = loaded;
  });

  constructor() {
    super();
    this.report = notYet;
  }

  protected override willUpdate(): void {
    const { version, state, channel } = this.context;
    const { positionColumn: column } = state;
    const key = `${version} ${column}`;
    if (key === this.#asked) return;
    this.#asked = key;
    this.#load(channel.request("positions", column === "" ? {} : { column }));
  }

  protected override render(): TemplateResult {
    return html`<section class="section" aria-labelledby="positions">
      <div class="section-head">
        <h2 id="positions">Positions</h2>
        ${this.report.kind === "loading" ? nothing : this.#choice()}
      </div>
      ${loadedView(this.report, "Looking where the texts stood…", (report) => this.#draw(report))}
    </section>`;
  }

  #choice(): TemplateResult {
    const { state, update } = this.context;
    const chosen = state.positionColumn;
    const columns = this.report.kind === "ready" ? this.report.value.columns : [];
    const listed = chosen === "" || columns.includes(chosen) ? columns : [...columns, chosen];
    return html`<label class="field"
      >Place
      <select
        id="position-column"
        .value=${chosen}
        @change=${(event: Event) => update({ positionColumn: (event.target as HTMLSelectElement).value })}
      >
        <option value="" ?selected=${chosen === ""}>of the segment in the prompt</option>
        ${listed.map((name) => html`<option value=${name} ?selected=${name === chosen}>column ${name}</option>`)}
      </select></label
    >`;
  }

  #draw(report: PositionReport): TemplateResult {
    const { nameOf, save } = this.context;
    const drawn = report.curves.filter(({ bins }) => bins.length > 0);
    if (drawn.length === 0) {
      return emptyState({
        icon: "graph-line",
        title: "No places to compare",
        text: "No trial is scored, or the prompts that say where texts stood are no longer kept.",
      });
    }
    const share = report.column === null;
    const place = (value: number) => (share ? percent(value, 0) : String(Number(value.toPrecision(6))));
    const axis = share ? "share of the prompt that stands before the segment" : (report.column ?? "");
    return html`
      <ul>
        ${drawn.map(({ variant, explanation }) => html`<li><strong>${nameOf(variant)}</strong>: ${explanation}</li>`)}
      </ul>
      ${chartFrame({
        title: "Accuracy by place",
        name: "positions",
        note: "Each place with its interval. A curve that sags in the middle is the one known as “lost in the middle”.",
        draw: (width) =>
          curvePlot({
            label: "Accuracy by the place of the decisive text, with intervals; the table below has the numbers",
            curves: drawn.map(({ variant, bins }) => ({
              label: nameOf(variant),
              points: bins.map((bin) => ({ x: middleOf(bin), y: bin.accuracy, interval: bin.interval })),
            })),
            width,
            xAxis: axis,
            yAxis: "percent right",
            formatX: place,
            formatY: (value) => percent(value, 0),
          }),
        table: this.#table(report, place),
        csv: () =>
          csvText(
            ["variant", "from", "to", "rows", "accuracy", "low", "high"],
            drawn.flatMap(({ variant, bins }) =>
              bins.map((bin) => [variant, bin.from, bin.to, bin.rows, bin.accuracy, ...bin.interval]),
            ),
          ),
        onSave: save,
      })}
    `;
  }

  #table({ curves }: PositionReport, place: (value: number) => string): TemplateResult {
    const { nameOf } = this.context;
    return html`<div class="table-scroll" ${scrollBox("Accuracy by place")}>
      <table class="table compact">
        <thead>
          <tr>
            <th scope="col">Variant</th>
            <th scope="col" class="number">Place</th>
            <th scope="col" class="number">Rows</th>
            <th scope="col" class="number">Accuracy</th>
            <th scope="col" class="number">Interval</th>
          </tr>
        </thead>
        <tbody>
          ${curves.flatMap(({ variant, bins }) =>
            bins.map(
              (bin) => html`<tr>
                <th scope="row" class="nowrap">${nameOf(variant)}</th>
                <td class="number nowrap">${bin.from === bin.to ? place(bin.from) : `${place(bin.from)} – ${place(bin.to)}`}</td>
                <td class="number">${count(bin.rows)}</td>
                <td class="number">${percent(bin.accuracy)}</td>
                <td class="number nowrap">${percent(bin.interval[0])} – ${percent(bin.interval[1])}</td>
              </tr>`,
            ),
          )}
        </tbody>
      </table>
    </div>`;
  }
}

function middleOf({ from, to }: PositionBin): number {
  return (from + to) / 2;
}

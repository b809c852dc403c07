import { html, nothing, type TemplateResult } from "lit";
import { iconButton } from "../../shared/button.ts";
import { cssVars } from "../../shared/cssVars.ts";
import { csvText } from "../../shared/csv.ts";
import { count, percent } from "../../shared/format.ts";
import { emptyState } from "../../shared/notice.ts";
import { PanelElement } from "../../shared/panelElement.ts";
import { scrollBox } from "../../shared/scrollBox.ts";
import type { ResultsContext } from "../context.ts";
import { type Loaded, latestLoad, loadedView, notYet } from "../loaded.ts";
import { firstTrials } from "../state.ts";
import { type ConfusionCell, confusionMatrix, type Matrix } from "./matrix.ts";

const mostLabels = 60;
const mostPairs = 12;

/** Which answer was taken for which, of one variant. */
export class ConfusionTab extends PanelElement {
  static override properties = { context: { attribute: false }, cells: { state: true } };

  declare context: ResultsContext;
  declare private cells: Loaded<readonly ConfusionCell[]>;
  #asked = "";
  readonly #load = latestLoad<readonly ConfusionCell[]>((loaded) => {
    this.cells = loaded;
  });

  constructor() {
    super();
    this.cells = notYet;
  }

  get #variant(): number {
    const { state, details } = this.context;
    return Math.min(Math.max(0, state.confusionVariant), details.summary.variants.length - 1);
  }

  protected override willUpdate(): void {
    const key = `${this.context.version} ${this.#variant}`;
    if (key === this.#asked) return;
    this.#asked = key;
    this.#load(this.context.channel.request("confusion", { variant: this.#variant }));
  }

  protected override render(): TemplateResult {
    const { details, nameOf, update } = this.context;
    const variant = this.#variant;
    return html`<section class="section" aria-labelledby="confusion">
      <div class="section-head">
        <h2 id="confusion">Confusion</h2>
        <label class="field"
          >Variant
          <select
            id="confusion-variant"
            .value=${String(variant)}
            @change=${(event: Event) => update({ confusionVariant: Number((event.target as HTMLSelectElement).value) })}
          >
            ${details.summary.variants.map((each, index) => html`<option value=${index} ?selected=${index === variant}>${nameOf(each.id)}</option>`)}
          </select></label
        >
        ${iconButton({
          icon: "table",
          label: "Save the confusion matrix as CSV",
          disabled: this.cells.kind !== "ready",
          onClick: () => this.#save(),
        })}
      </div>
      ${loadedView(this.cells, "Counting…", (cells) => this.#draw(cells))}
    </section>`;
  }

  #draw(cells: readonly ConfusionCell[]): TemplateResult {
    if (cells.length === 0) {
      return emptyState({
        icon: "table",
        title: "Nothing to compare",
        text: "No answer of this variant could be read, or the dataset has no expected answers.",
      });
    }
    const matrix = confusionMatrix(cells, this.context.details.labels);
    const summary = this.context.details.summary.variants[this.#variant];
    const unread = (summary?.unparsable ?? 0) + (summary?.failed ?? 0);
    return html`
      <p class="muted">
        Rows are the expected answers, columns what was answered. Choose a number to see those trials.${
          unread > 0 ? ` ${count(unread)} answers that could not be read or had are not in it.` : nothing
        }
      </p>
      ${matrix.labels.length > mostLabels ? html`<p class="muted">${count(matrix.labels.length)} different answers are too many for a matrix; these are the pairs that are confused most.</p>` : this.#matrix(matrix)}
      ${this.#pairs(matrix)}
    `;
  }

  #matrix(matrix: Matrix): TemplateResult {
    return html`<div class="table-scroll" ${scrollBox("Confusion matrix")}>
      <table class="matrix" aria-label="Confusion matrix">
        <thead>
          <tr>
            <td></td>
            ${matrix.labels.map((label) => html`<th scope="col"><span>${label}</span></th>`)}
            <th scope="col" class="recall"><span>right</span></th>
          </tr>
        </thead>
        <tbody>
          ${matrix.labels.map((expected, i) => {
            const total = matrix.totals[i] ?? 0;
            return html`<tr>
              <th scope="row">${expected}</th>
              ${matrix.labels.map((prediction, j) => {
                const n = matrix.counts[i]?.[j] ?? 0;
                if (n === 0) return html`<td class="none"></td>`;
                return html`<td class=${i === j ? "right" : "wrong"} ${cssVars({ share: (n / Math.max(1, total)).toFixed(3) })}>
                  <button
                    type="button"
                    title="${count(n)} of ${count(total)}: expected ${expected}, answered ${prediction}"
                    aria-label="${count(n)}: expected ${expected}, answered ${prediction}"
                    @click=${() => this.#show(expected, prediction)}
                  >${count(n)}</button>
                </td>`;
              })}
              <td class="recall">${total === 0 ? nothing : percent((matrix.counts[i]?.[i] ?? 0) / total, 0)}</td>
            </tr>`;
          })}
        </tbody>
      </table>
    </div>`;
  }

  #pairs(matrix: Matrix): TemplateResult {
    const pairs = matrix.pairs.slice(0, mostPairs);
    if (pairs.length === 0) return html`<p class="muted">Nothing was taken for anything else.</p>`;
    return html`<h3>Most confused</h3>
      <div class="table-scroll" ${scrollBox("Most confused pairs")}>
        <table class="table compact">
          <thead>
            <tr>
              <th scope="col">Expected</th>
              <th scope="col">Answered</th>
              <th scope="col" class="number">Trials</th>
              <th scope="col" class="number">Of that label</th>
            </tr>
          </thead>
          <tbody>
            ${pairs.map(
              (pair) => html`<tr>
                <th scope="row">${pair.expected}</th>
                <td><button type="button" class="link" @click=${() => this.#show(pair.expected, pair.prediction)}>${pair.prediction}</button></td>
                <td class="number">${count(pair.count)}</td>
                <td class="number">${percent(pair.share, 0)}</td>
              </tr>`,
            )}
          </tbody>
        </table>
      </div>`;
  }

  #show(expected: string, prediction: string): void {
    const trials = { ...firstTrials, outcome: "all" as const, variant: this.#variant, expected, prediction };
    this.context.update({ tab: "errors", trials, selected: [] });
  }

  #save(): void {
    if (this.cells.kind !== "ready") return;
    this.context.save(
      "confusion.csv",
      csvText(
        ["expected", "prediction", "count"],
        this.cells.value.map((cell) => [cell.expected, cell.prediction, cell.count]),
      ),
    );
  }
}

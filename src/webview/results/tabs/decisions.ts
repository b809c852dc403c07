import { html, nothing, type TemplateResult } from "lit";
import type { Decision } from "../../../engine/decide/sampler.ts";
import { iconButton } from "../../shared/button.ts";
import { csvText } from "../../shared/csv.ts";
import { count, percent, signedPoints } from "../../shared/format.ts";
import { icon } from "../../shared/icon.ts";
import { emptyState } from "../../shared/notice.ts";
import { PanelElement } from "../../shared/panelElement.ts";
import { scrollBox } from "../../shared/scrollBox.ts";
import { term } from "../../shared/term.ts";
import type { ResultsContext } from "../context.ts";
import { type Loaded, latestLoad, loadedView, notYet } from "../loaded.ts";
import { statusSigns } from "../overview/leaderboard.ts";
import { standingAt } from "./standing.ts";

export type StoredDecision = Decision & { readonly model: string; readonly at: number };

/** The log of decisions, to be gone through step by step: how the race stood at each, and why it was taken. */
export class DecisionsTab extends PanelElement {
  static override properties = {
    context: { attribute: false },
    decisions: { state: true },
    step: { state: true },
  };

  declare context: ResultsContext;
  declare private decisions: Loaded<readonly StoredDecision[]>;
  /** The decision looked at; the last one until another is chosen. */
  declare private step: number | undefined;
  #asked = -1;
  readonly #load = latestLoad<readonly StoredDecision[]>((loaded) => {
    this.decisions = loaded;
  });

  constructor() {
    super();
    this.decisions = notYet;
  }

  protected override willUpdate(): void {
    if (this.context.version === this.#asked) return;
    this.#asked = this.context.version;
    this.#load(this.context.channel.request("decisions", undefined));
  }

  protected override render(): TemplateResult {
    return loadedView(this.decisions, "Reading the log…", (decisions) =>
      decisions.length === 0
        ? emptyState({
            icon: "law",
            title: "No decision was taken",
            text: "This mode asks everything first, or the run has not come far enough yet.",
          })
        : this.#draw(decisions),
    );
  }

  #draw(decisions: readonly StoredDecision[]): TemplateResult {
    const last = decisions.length - 1;
    const step = Math.min(this.step ?? last, last);
    const current = decisions[step];
    if (current === undefined) return html``;
    return html`<section class="section" aria-labelledby="replay">
        <div class="section-head">
          <h2 id="replay">How the race stood</h2>
          ${iconButton({ icon: "chevron-left", label: "Decision before", disabled: step === 0, onClick: () => this.#go(step - 1) })}
          <label class="field"
            ><span class="unseen">Decision</span>
            <input
              id="step"
              type="range"
              min="0"
              max=${last}
              .value=${String(step)}
              aria-valuetext="Decision ${step + 1} of ${last + 1}, at row ${current.row}"
              @input=${(event: Event) => this.#go((event.target as HTMLInputElement).valueAsNumber)}
            /></label
          >
          ${iconButton({ icon: "chevron-right", label: "Decision after", disabled: step === last, onClick: () => this.#go(step + 1) })}
          <span class="number muted">${step + 1} of ${last + 1}</span>
        </div>
        <p>After ${count(current.row)} rows${this.#severalModels(decisions) ? ` on ${current.model}` : ""}: ${current.reason}</p>
        ${this.#standing(decisions, step)}
      </section>
      <section class="section" aria-labelledby="decisions">
        <div class="section-head">
          <h2 id="decisions">Decisions</h2>
          ${iconButton({ icon: "table", label: "Save the decisions as CSV", onClick: () => this.#save(decisions) })}
        </div>
        ${this.#log(decisions, step)}
      </section>`;
  }

  #standing(decisions: readonly StoredDecision[], step: number): TemplateResult {
    const { details, nameOf } = this.context;
    const rows = standingAt(decisions, step, details.summary.variants);
    return html`<div class="table-scroll" ${scrollBox("How the race stood")}>
      <table class="table compact">
        <thead>
          <tr>
            <th scope="col">Variant</th>
            <th scope="col" class="number">Accuracy then</th>
            <th scope="col">Status then</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) => html`<tr class="is-${row.status}">
              <th scope="row">${nameOf(row.id)}</th>
              <td class="number">${row.mean === undefined ? "–" : percent(row.mean)}</td>
              <td>${icon(statusSigns[row.status].icon)} ${row.status === "active" ? "in the race" : statusSigns[row.status].word}${
                row.since === undefined ? nothing : html` <span class="muted">since row ${count(row.since)}</span>`
              }</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  #log(decisions: readonly StoredDecision[], step: number): TemplateResult {
    const { nameOf } = this.context;
    const several = this.#severalModels(decisions);
    return html`<div class="table-scroll" ${scrollBox("Decisions")}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col" class="number">Row</th>
            ${several ? html`<th scope="col">Model</th>` : nothing}
            <th scope="col">Variant</th>
            <th scope="col">Why</th>
            <th scope="col" class="number">${term("Evidence", "Odds against the variant, and those required")}</th>
            <th scope="col" class="number">Difference</th>
          </tr>
        </thead>
        <tbody>
          ${decisions.map(
            ({ row, model, variant, reason, numbers }, i) => html`<tr class=${i === step ? "is-current" : ""}>
              <th scope="row" class="number"><button type="button" class="link" aria-current=${i === step ? "step" : nothing} @click=${() => this.#go(i)}>${count(row)}</button></th>
              ${several ? html`<td>${model}</td>` : nothing}
              <td class="nowrap">${variant === null ? html`<span class="muted">all</span>` : nameOf(variant)}</td>
              <td class="decision-why">${reason}</td>
              <td class="number">${odds(numbers.logWealth)}${numbers.logThreshold === undefined ? nothing : html` <span class="muted">of ${odds(numbers.logThreshold)}</span>`}</td>
              <td class="number">${numbers.difference === undefined ? nothing : signedPoints(numbers.difference)}${
                numbers.opponent === undefined
                  ? nothing
                  : html` <span class="muted">to ${nameOf(numbers.opponent)}</span>`
              }</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  #severalModels(decisions: readonly StoredDecision[]): boolean {
    return new Set(decisions.map(({ model }) => model)).size > 1;
  }

  #go(step: number): void {
    this.step = step;
  }

  #save(decisions: readonly StoredDecision[]): void {
    this.context.save(
      "decisions.csv",
      csvText(
        ["sequence", "model", "row", "variant", "kind", "reason", "log_wealth", "log_threshold", "difference"],
        decisions.map((each) => [
          each.sequence,
          each.model,
          each.row,
          each.variant,
          each.kind,
          each.reason,
          each.numbers.logWealth,
          each.numbers.logThreshold,
          each.numbers.difference,
        ]),
      ),
    );
  }
}

/** Odds from their logarithm: 3.0 -> "20 : 1". */
function odds(log: number | undefined): string {
  if (log === undefined) return "";
  const value = Math.exp(log);
  return value >= 1e6 ? "over 1,000,000 : 1" : `${value < 10 ? value.toFixed(1) : count(value)} : 1`;
}

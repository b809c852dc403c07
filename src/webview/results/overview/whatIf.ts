import { html, nothing, type TemplateResult } from "lit";
import { systemClock } from "../../../base/clock.ts";
import type { Verdict } from "../../../engine/decide/sampler.ts";
import { plural, points } from "../../shared/format.ts";
import { newestOnly } from "../../shared/newest.ts";
import { lineOf } from "../../shared/notice.ts";
import { settled } from "../../shared/paced.ts";
import { PanelElement } from "../../shared/panelElement.ts";
import type { ResultsContext } from "../context.ts";
import { scopeWords } from "../verdict.ts";

const most = 10;
const quietMs = 150;

interface Redecided {
  readonly verdict: Verdict;
  readonly rows: number;
}

/** The verdict with another margin, worked out from the stored scores: no call is made, nothing is stored. */
export class WhatIf extends PanelElement {
  static override properties = {
    context: { attribute: false },
    margin: { state: true },
    redecided: { state: true },
    failure: { state: true },
  };

  declare context: ResultsContext;
  /** In points; undefined while the run's own margin holds. */
  declare private margin: number | undefined;
  declare private redecided: Redecided | undefined;
  declare private failure: string | undefined;
  readonly #ask: (margin: number) => void;

  constructor() {
    super();
    const send = newestOnly<number, Redecided>({
      send: (margin) => this.context.channel.request("redecide", { equivalence: margin / 100 }),
      take: (redecided) => {
        this.redecided = redecided;
        this.failure = undefined;
      },
      fail: (error) => {
        this.failure = lineOf(error);
      },
    });
    this.#ask = settled(systemClock, quietMs, send);
  }

  protected override render(): TemplateResult {
    const own = this.context.details.summary.verdict.equivalence * 100;
    const margin = this.margin ?? own;
    const { redecided } = this;
    return html`<section class="chart what-if" aria-labelledby="what-if-title">
      <h3 id="what-if-title">What if the margin were different?</h3>
      <p class="muted">From the stored scores: no call is made and the run's own verdict stays.</p>
      <div class="what-if-control">
        <label for="margin">Margin</label>
        <input
          id="margin"
          type="range"
          min="0"
          max=${most}
          step="0.5"
          .value=${String(margin)}
          aria-valuetext=${points(margin / 100)}
          @input=${(event: Event) => {
            this.margin = (event.target as HTMLInputElement).valueAsNumber;
            this.#ask(this.margin);
          }}
        />
        <output for="margin" class="number">${points(margin / 100)}</output>
        ${margin === own ? html`<span class="muted">as in the run</span>` : nothing}
      </div>
      <div class="what-if-verdict" aria-live="polite">
        ${
          this.failure !== undefined
            ? this.failure
            : this.margin === undefined || redecided === undefined
              ? nothing
              : html`<p>${redecided.verdict.explanation}</p>
                  <p class="muted">${scopeWords(redecided.verdict)} It would have used ${plural(redecided.rows, "row")}.</p>`
        }
      </div>
    </section>`;
  }
}

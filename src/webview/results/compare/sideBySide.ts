import { html, nothing, type TemplateResult } from "lit";
import type { RunListItem, SideBySide } from "../../../engine/api.ts";
import { chartFrame } from "../../shared/charts/chartFrame.ts";
import { forestPlot } from "../../shared/charts/forest.ts";
import { csvText } from "../../shared/csv.ts";
import { count, date, interval, percent, plural, signedPoints } from "../../shared/format.ts";
import { emptyState } from "../../shared/notice.ts";
import { PanelElement } from "../../shared/panelElement.ts";
import { scrollBox } from "../../shared/scrollBox.ts";
import { variantNames } from "../../shared/variantNames.ts";
import type { ResultsContext } from "../context.ts";
import { runLabel } from "../header.ts";
import { type Loaded, latestLoad, loadedView, notYet } from "../loaded.ts";

/** A side as it is chosen: a run, and one of its variants; without one, the run's best. */
interface Chosen {
  readonly run: string;
  readonly variant: string;
}

const mostSides = 8;

/** Two or more runs held against each other: on the rows all have, and two by two. */
export class SideBySideView extends PanelElement {
  static override properties = { context: { attribute: false }, found: { state: true } };

  declare context: ResultsContext;
  declare private found: Loaded<SideBySide>;
  #asked = "";
  readonly #load = latestLoad<SideBySide>((loaded) => {
    this.found = loaded;
  });

  constructor() {
    super();
    this.found = notYet;
  }

  get #runs(): readonly RunListItem[] {
    const { details, others } = this.context;
    return [details.item, ...others];
  }

  /** The run shown is a side until it is taken out; runs that are gone are no sides. */
  get #chosen(): readonly Chosen[] {
    const { state, details } = this.context;
    const known = new Set(this.#runs.map(({ run }) => run));
    const kept = state.sides.flatMap((side) => {
      const [run = "", variant = ""] = side.split("\n");
      return known.has(run) ? [{ run, variant }] : [];
    });
    return kept.length === 0 ? [{ run: details.item.run, variant: "" }] : kept;
  }

  protected override willUpdate(): void {
    const chosen = this.#chosen;
    const key = `${this.context.version} ${JSON.stringify(chosen)}`;
    if (key === this.#asked) return;
    this.#asked = key;
    if (chosen.length < 2) return;
    this.#load(
      this.context.channel.request("sideBySide", {
        sides: chosen.map(({ run, variant }) => (variant === "" ? { run } : { run, variant })),
      }),
    );
  }

  protected override render(): TemplateResult {
    const chosen = this.#chosen;
    if (this.#runs.length < 2 && (this.#runs[0]?.variants.length ?? 0) < 2) {
      return emptyState({
        icon: "git-compare",
        title: "Nothing to compare with",
        text: "Run the experiment again, with another prompt or model, and both runs can stand side by side here.",
      });
    }
    return html`<section class="section" aria-labelledby="sides">
        <h2 id="sides">Side by side</h2>
        <p class="muted">Choose up to ${mostSides}. Without a variant, a run stands with its best.</p>
        ${this.#choice(chosen)}
      </section>
      ${
        chosen.length < 2
          ? html`<section class="section"><p>Choose a second side.</p></section>`
          : loadedView(this.found, "Pairing the rows…", (found) => this.#draw(found))
      }`;
  }

  #choice(chosen: readonly Chosen[]): TemplateResult {
    const runs = this.#runs;
    const set = (sides: readonly Chosen[]) =>
      this.context.update({ sides: sides.map(({ run, variant }) => `${run}\n${variant}`) });
    const first = runs[0]?.run ?? "";
    return html`<ul class="sides">
        ${chosen.map((side, i) => {
          const run = runs.find((each) => each.run === side.run);
          const names = variantNames(run?.variants ?? []);
          return html`<li>
            <span class="side-name" aria-hidden="true">${letterOf(i)}</span>
            <label class="field"
              ><span class="unseen">Run of side ${letterOf(i)}</span>
              <select
                id="side-${i}"
                .value=${side.run}
                @change=${(event: Event) => set(chosen.with(i, { run: (event.target as HTMLSelectElement).value, variant: "" }))}
              >
                ${runs.map((each) => html`<option value=${each.run} ?selected=${each.run === side.run}>${each.run === first ? `This run · ${runLabel(each)}` : runLabel(each)}</option>`)}
              </select></label
            >
            <label class="field"
              ><span class="unseen">Variant of side ${letterOf(i)}</span>
              <select
                id="side-variant-${i}"
                .value=${side.variant}
                @change=${(event: Event) => set(chosen.with(i, { run: side.run, variant: (event.target as HTMLSelectElement).value }))}
              >
                <option value="" ?selected=${side.variant === ""}>its best</option>
                ${(run?.variants ?? []).map(({ id }) => html`<option value=${id} ?selected=${id === side.variant}>${names.get(id) ?? id}</option>`)}
              </select></label
            >
            ${
              chosen.length < 2
                ? nothing
                : html`<button type="button" class="button" @click=${() => set(chosen.toSpliced(i, 1))}>Remove<span class="unseen"> side ${letterOf(i)}</span></button>`
            }
          </li>`;
        })}
      </ul>
      ${
        chosen.length >= mostSides
          ? nothing
          : html`<div><button id="add-side" type="button" class="button" @click=${() => set([...chosen, this.#next(chosen)])}>Add a side</button></div>`
      }`;
  }

  /** The newest run that is no side yet, else another variant of the run shown. */
  #next(chosen: readonly Chosen[]): Chosen {
    const runs = this.#runs;
    const free = runs.find(({ run }) => chosen.every((side) => side.run !== run));
    if (free !== undefined) return { run: free.run, variant: "" };
    const own = runs[0];
    const variant = own?.variants.find(({ id }) => chosen.every((side) => side.run !== own.run || side.variant !== id));
    return { run: own?.run ?? "", variant: variant?.id ?? "" };
  }

  #draw(found: SideBySide): TemplateResult {
    const { sides, shared } = found;
    const standings = shared ?? sides;
    const rows = standings[0]?.rows ?? 0;
    return html`<section class="section">${chartFrame({
      title:
        shared === null ? "Accuracy of each, on its own rows" : `Accuracy on the ${plural(rows, "row")} that all have`,
      name: "sides",
      ...(shared === null ? { note: "The datasets differ, so pairs are matched by what their rows hold." } : {}),
      draw: (width) =>
        forestPlot({
          label: "Accuracy of each side with its interval; the table below has the numbers",
          rows: standings.map(({ accuracy, interval: bounds }, i) => ({
            id: String(i),
            label: `${letterOf(i)} · ${this.#nameOf(found, i)}`,
            value: accuracy,
            interval: bounds,
            text: percent(accuracy),
            kind: "active",
          })),
          width,
          axis: "percent right",
          format: (value) => String(Number((value * 100).toFixed(1))),
          limits: [0, 1],
        }),
      table: html`<div class="table-scroll" ${scrollBox("Accuracy of each side")}><table class="table compact">
          <thead>
            <tr><th scope="col">Side</th><th scope="col">Run</th><th scope="col">Variant</th><th scope="col" class="number">Accuracy</th><th scope="col" class="number">Interval</th><th scope="col" class="number">Rows</th><th scope="col" class="number">On all its rows</th></tr>
          </thead>
          <tbody>
            ${sides.map(
              (side, i) => html`<tr>
                <th scope="row">${letterOf(i)}</th>
                <td>${date(side.createdAt)}</td>
                <td class="nowrap">${this.#nameOf(found, i)}</td>
                <td class="number">${percent(standings[i]?.accuracy)}</td>
                <td class="number">${interval(standings[i]?.interval ?? [0, 1])}</td>
                <td class="number">${count(standings[i]?.rows ?? 0)}</td>
                <td class="number">${percent(side.accuracy)} <span class="muted">of ${count(side.rows)}</span></td>
              </tr>`,
            )}
          </tbody>
        </table></div>`,
      csv: () =>
        csvText(
          ["side", "run", "variant", "accuracy", "low", "high", "rows"],
          sides.map((side, i) => [
            letterOf(i),
            side.run,
            side.variant,
            standings[i]?.accuracy,
            ...(standings[i]?.interval ?? []),
            standings[i]?.rows,
          ]),
        ),
      onSave: this.context.save,
    })}</section>
      ${this.#pairs(found)} ${this.#differing(found)}`;
  }

  #pairs(found: SideBySide): TemplateResult {
    return html`<section class="section" aria-labelledby="pairs">
      <div class="section-head">
        <h2 id="pairs">Two by two</h2>
        <button type="button" class="button" @click=${() => this.#savePairs(found)}>Save as CSV</button>
      </div>
      <p class="muted">On the rows both have. The intervals hold for all pairs at once; a difference is called real after correction over all of them.</p>
      <div class="table-scroll" ${scrollBox("Pairs of sides")}>
        <table class="table compact">
          <thead>
            <tr>
              <th scope="col">Pair</th>
              <th scope="col" class="number">Difference</th>
              <th scope="col" class="number">Interval</th>
              <th scope="col" class="number">Better : worse</th>
              <th scope="col" class="number">Rows</th>
              <th scope="col">Real?</th>
            </tr>
          </thead>
          <tbody>
            ${found.pairs.map(
              ({ a, b, comparison, adjusted, significant, pairing }) => html`<tr>
                <th scope="row" class="nowrap">${letterOf(b)} − ${letterOf(a)}</th>
                <td class="number">${signedPoints(comparison.difference)}</td>
                <td class="number">${signedPoints(comparison.interval[0])} to ${signedPoints(comparison.interval[1])}</td>
                <td class="number">${count(comparison.wins)} : ${count(comparison.losses)}</td>
                <td class="number">${count(comparison.rows)}${pairing.by === "content" ? html` <span class="muted">by content</span>` : nothing}</td>
                <td class="nowrap">${significant ? html`<strong>yes</strong>` : "cannot tell"} <span class="muted">${adjusted === null ? "" : adjusted < 0.001 ? "p < 0.001" : `p ${adjusted.toFixed(3)}`}</span></td>
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </section>`;
  }

  #differing(found: SideBySide): TemplateResult {
    const { differing, sides } = found;
    if (differing.length === 0) return html``;
    const own = this.context.details.item.run;
    return html`<section class="section" aria-labelledby="differing">
      <h2 id="differing">Rows that differ</h2>
      <p class="muted">${differing.length >= 100 ? "The first 100" : plural(differing.length, "row")} that the sides do not score alike.</p>
      <div class="table-scroll long-table" ${scrollBox("Rows that differ")}>
        <table class="table compact">
          <thead>
            <tr><th scope="col">Row</th>${sides.map((_, i) => html`<th scope="col">${letterOf(i)}</th>`)}</tr>
          </thead>
          <tbody>
            ${differing.map(
              ({ example, answers }) => html`<tr>
                <th scope="row"><bdi>${example}</bdi></th>
                ${answers.map(({ score, prediction, position }, i) => {
                  const text = html`<bdi>${(prediction ?? "no answer").slice(0, 60)}</bdi>`;
                  const side = sides[i];
                  return html`<td class=${score >= 1 ? "" : "is-wrong"}><span class="outcome-sign">${score >= 1 ? "✓" : score > 0 ? score.toFixed(2) : "✗"}</span> ${
                    side?.run === own
                      ? html`<button type="button" class="link" @click=${() => this.#open(side.variant, position)}>${text}</button>`
                      : text
                  }</td>`;
                })}
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </section>`;
  }

  #open(variant: string, position: number): void {
    const index = this.context.details.summary.variants.findIndex(({ id }) => id === variant);
    this.context.update({ tab: "errors", selected: [index, position, 0] });
  }

  #savePairs({ pairs, sides }: SideBySide): void {
    this.context.save(
      "pairs.csv",
      csvText(
        ["a_run", "a_variant", "b_run", "b_variant", "difference", "low", "high", "rows", "p_corrected"],
        pairs.map(({ a, b, comparison, adjusted }) => [
          sides[a]?.run,
          sides[a]?.variant,
          sides[b]?.run,
          sides[b]?.variant,
          comparison.difference,
          ...comparison.interval,
          comparison.rows,
          adjusted,
        ]),
      ),
    );
  }

  #nameOf({ sides }: SideBySide, i: number): string {
    const side = sides[i];
    const run = this.#runs.find((each) => each.run === side?.run);
    return variantNames(run?.variants ?? []).get(side?.variant ?? "") ?? side?.variant ?? "";
  }
}

function letterOf(index: number): string {
  return String.fromCharCode(65 + index);
}

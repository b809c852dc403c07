import { html, nothing, type TemplateResult } from "lit";
import type { ComparisonReport, RunDetails } from "../../../engine/api.ts";
import type { VariantSummary } from "../../../engine/runner/events.ts";
import { count, dollars, percent, plural, points, signedPoints } from "../../shared/format.ts";
import { banner, lineOf, loading } from "../../shared/notice.ts";
import { PanelElement } from "../../shared/panelElement.ts";
import { type Column, sortableTable } from "../../shared/sortableTable.ts";
import type { ResultsContext } from "../context.ts";
import { runLabel } from "../header.ts";
import { costPerThousand } from "../overview/leaderboard.ts";

interface Pair {
  readonly id: string;
  readonly ours: VariantSummary | undefined;
  readonly theirs: VariantSummary | undefined;
}

/** Another run of the same file beside this one, variant by variant, tested on the rows both have. */
export class CompareRuns extends PanelElement {
  static override properties = {
    context: { attribute: false },
    other: { state: true },
    reports: { state: true },
    failure: { state: true },
    sort: { state: true },
    noise: { state: true },
  };

  declare context: ResultsContext;
  declare private other: RunDetails | undefined;
  /** By variant; a string says why there is none. */
  declare private reports: ReadonlyMap<string, ComparisonReport | string>;
  declare private failure: string | undefined;
  declare private sort: string;
  /** The run whose noise differences are held against; empty for none but the two runs' own. */
  declare private noise: string;
  #wanted = "";

  constructor() {
    super();
    this.reports = new Map();
    this.sort = "-ours";
    this.noise = "";
  }

  protected override willUpdate(): void {
    const wanted = this.context.state.other;
    const key = `${this.context.details.item.run} ${wanted} ${this.noise}`;
    if (key === this.#wanted) return;
    this.#wanted = key;
    this.other = undefined;
    this.reports = new Map();
    this.failure = undefined;
    if (wanted !== "") void this.#load(wanted, key);
  }

  protected override render(): TemplateResult {
    const { others, state, update } = this.context;
    if (others.length === 0) return html``;
    return html`<section class="section" aria-labelledby="compare">
      <div class="section-head">
        <h2 id="compare">Variant by variant, beside another run</h2>
        <label class="field"
          ><span class="unseen">Other run</span>
          <select
            id="other-run"
            .value=${state.other}
            @change=${(event: Event) => update({ other: (event.target as HTMLSelectElement).value })}
          >
            <option value="" ?selected=${state.other === ""}>Choose a run…</option>
            ${others.map((run) => html`<option value=${run.run} ?selected=${run.run === state.other}>${runLabel(run)}</option>`)}
          </select></label
        >
        ${state.other === "" ? nothing : this.#noisePicker()}
      </div>
      ${this.failure === undefined ? nothing : banner("error", this.failure)}
      ${state.other === "" || this.failure !== undefined ? nothing : this.other === undefined ? loading("Reading the other run…") : html`${this.#pairing()}${this.#table(this.other)}`}
    </section>`;
  }

  /** Offered where another run measured its noise and neither of the two did: their own counts by itself. */
  #noisePicker(): TemplateResult | typeof nothing {
    const { details, others, state } = this.context;
    const own = [details.item, ...others.filter(({ run }) => run === state.other)];
    const measured = others.filter((run) => run.noise === true);
    if (measured.length === 0 || own.some((run) => run.noise === true)) return nothing;
    return html`<label class="field"
      >Noise of
      <select
        id="noise-run"
        .value=${this.noise}
        @change=${(event: Event) => {
          this.noise = (event.target as HTMLSelectElement).value;
        }}
      >
        <option value="" ?selected=${this.noise === ""}>no run</option>
        ${measured.map((run) => html`<option value=${run.run} ?selected=${run.run === this.noise}>${runLabel(run)}</option>`)}
      </select></label
    >`;
  }

  /** How examples were matched, said once: it is the same for every variant. */
  #pairing(): TemplateResult | typeof nothing {
    const reports = [...this.reports.values()].filter((report) => typeof report === "object");
    const [first] = reports;
    if (first === undefined) return nothing;
    const { by, changed } = first.pairing;
    const most = (of: (comparison: ComparisonReport["comparison"]) => number) =>
      Math.max(...reports.map(({ comparison }) => of(comparison)));
    const alone = [
      [most(({ onlyB }) => onlyB), "only this run"],
      [most(({ onlyA }) => onlyA), "only the other"],
    ] as const;
    const left = alone
      .filter(([rows]) => rows > 0)
      .map(([rows, who]) => `${who} has up to ${plural(rows, "more row")}`);
    const anytime = reports.some(({ comparison }) => comparison.stoppedEarly)
      ? " After a race the intervals hold at any time, and only the rows that decided count."
      : "";
    return html`<p class="muted" id="pairing">
      Paired by ${by === "id" ? "example id" : "content, as the datasets differ"}${
        left.length === 0 ? ": both sides have the same rows" : `; ${left.join(", ")}, left out of the difference`
      }${changed === 0 ? nothing : `; ${plural(changed, "example")} with the same id and other content not paired`}.${anytime}
    </p>`;
  }

  #table(other: RunDetails): TemplateResult {
    const theirs = new Map(other.summary.variants.map((variant) => [variant.id, variant]));
    const ours = new Map(this.context.details.summary.variants.map((variant) => [variant.id, variant]));
    const pairs = [...new Set([...ours.keys(), ...theirs.keys()])].map(
      (id): Pair => ({ id, ours: ours.get(id), theirs: theirs.get(id) }),
    );
    return sortableTable<Pair>({
      label: "This run and the other, joined by variant",
      columns: this.#columns(),
      rows: pairs,
      keyOf: (pair) => pair.id,
      sort: this.sort,
      onSort: (sort) => {
        this.sort = sort;
      },
    });
  }

  #columns(): readonly Column<Pair>[] {
    const share = (variant: VariantSummary | undefined) =>
      variant === undefined || variant.trials === 0 ? null : variant.accuracy;
    const shown = (value: number | null) => (value === null ? "–" : percent(value));
    const report = (pair: Pair) => {
      const found = this.reports.get(pair.id);
      return typeof found === "object" ? found.comparison : undefined;
    };
    return [
      { id: "variant", label: "Variant", head: true, value: (p) => p.id, cell: (p) => this.context.nameOf(p.id) },
      { id: "ours", label: "This run", numeric: true, value: (p) => share(p.ours), cell: (p) => shown(share(p.ours)) },
      {
        id: "theirs",
        label: "Other run",
        numeric: true,
        value: (p) => share(p.theirs),
        cell: (p) => shown(share(p.theirs)),
      },
      {
        id: "difference",
        label: "Difference, paired",
        title: "This run minus the other, on the rows both have, with the interval for future rows",
        numeric: true,
        value: (p) => report(p)?.difference ?? null,
        cell: (p) => {
          const found = report(p);
          if (found === undefined)
            return html`<span class="muted">${p.ours === undefined || p.theirs === undefined ? "–" : (this.reports.get(p.id) ?? "…")}</span>`;
          const { interval } = found;
          return html`${signedPoints(found.difference)} <span class="muted">(${signedPoints(interval[0])} to ${signedPoints(interval[1])}, ${count(found.rows)} rows)</span>`;
        },
      },
      {
        id: "significant",
        label: "Real?",
        value: (p) => report(p)?.test.pValue ?? null,
        cell: (p) => {
          const found = report(p);
          if (found === undefined) return nothing;
          // A p-value would not hold where a race chose the rows.
          const tested = found.stoppedEarly ? "" : `p ${found.test.pValue.toFixed(3)}`;
          const noise =
            found.noise === undefined
              ? ""
              : `${Math.abs(found.difference) <= found.noise ? "within" : "above"} noise of ${points(found.noise)}`;
          const beside = [tested, noise].filter((text) => text !== "").join(", ");
          return html`<span title=${found.explanation}>${found.significant ? "yes" : "cannot tell"} <span class="muted">${beside}</span></span>`;
        },
      },
      {
        id: "cost",
        label: "$ / 1,000",
        numeric: true,
        value: (p) => (p.ours === undefined ? null : costPerThousand(p.ours)),
        cell: (p) => {
          const cost = (variant: VariantSummary | undefined) =>
            variant === undefined ? "–" : dollars(costPerThousand(variant));
          return html`${cost(p.ours)} <span class="muted">was ${cost(p.theirs)}</span>`;
        },
      },
    ];
  }

  async #load(run: string, key: string): Promise<void> {
    const { channel, details } = this.context;
    const current = () => key === this.#wanted;
    try {
      const other = await channel.request("details", { run });
      if (!current()) return;
      this.other = other;
      const theirs = new Set(other.summary.variants.map((variant) => variant.id));
      for (const { id } of details.summary.variants) {
        if (!theirs.has(id)) continue;
        const noise = this.noise === "" ? {} : { noise: this.noise };
        const found = await channel.request("compare", { run, theirs: id, ours: id, ...noise }).catch(lineOf);
        if (!current()) return;
        this.reports = new Map(this.reports).set(id, found);
      }
    } catch (error) {
      if (current()) this.failure = lineOf(error);
    }
  }
}

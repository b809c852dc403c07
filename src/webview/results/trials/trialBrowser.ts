import { html, type TemplateResult } from "lit";
import { systemClock } from "../../../base/clock.ts";
import type { ErrorPattern, PatternReport } from "../../../engine/analysis/patterns.ts";
import type { TrialDetail } from "../../../engine/api.ts";
import type { ListedTrial } from "../../../protocol/resultsPanel.ts";
import { plural } from "../../shared/format.ts";
import { banner, emptyState, lineOf, loading } from "../../shared/notice.ts";
import { settled } from "../../shared/paced.ts";
import { PanelElement } from "../../shared/panelElement.ts";
import { scrollBox } from "../../shared/scrollBox.ts";
import type { ResultsContext } from "../context.ts";
import { type Loaded, latestLoad, loadedView, notYet } from "../loaded.ts";
import type { TrialChoice } from "../state.ts";
import { detailView } from "./detail.ts";
import { filtersView } from "./filters.ts";
import { PagedRows } from "./pagedRows.ts";
import { patternList } from "./patternList.ts";
import { pageSize, queryOf } from "./query.ts";

/** Some 2,400 rows: more than any screen shows, little enough to hold. */
const heldPages = 40;
const searchMs = 250;
const openMs = 100;

/** Every trial of the run, filtered and sorted in the store, down to the prompt and the raw response. */
export class TrialBrowser extends PanelElement {
  static override properties = {
    context: { attribute: false },
    tick: { state: true },
    active: { state: true },
    detail: { state: true },
    patterns: { state: true },
    failure: { state: true },
  };

  declare context: ResultsContext;
  declare private tick: number;
  declare private active: number;
  declare private detail: Loaded<TrialDetail> | undefined;
  declare private patterns: Loaded<PatternReport>;
  declare private failure: string | undefined;

  #rows: PagedRows<ListedTrial> | undefined;
  #asked = "";
  #opened = "";
  readonly #load = latestLoad<TrialDetail>((loaded) => {
    this.detail = loaded;
  });
  /** Run and version of the patterns asked for. */
  #patternsOf = "";
  readonly #loadPatterns = latestLoad<PatternReport>((loaded) => {
    this.patterns = loaded;
  });
  readonly #keepScroll = settled<number>(systemClock, 200, (top) => {
    const { state, update } = this.context;
    update({ scroll: { ...state.scroll, trials: top } });
  });
  readonly #search = settled<string>(systemClock, searchMs, (search) => this.#change({ search }));
  readonly #openSoon = settled<number>(systemClock, openMs, (index) => this.#open(index));

  constructor() {
    super();
    this.tick = 0;
    this.active = -1;
    this.patterns = notYet;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#rows?.stop();
    this.#asked = "";
  }

  /** The pattern whose rows are shown; undefined for none, or for one that is gone. */
  get #pattern(): ErrorPattern | undefined {
    const wanted = this.context.state.trials.pattern;
    if (wanted === "" || this.patterns.kind !== "ready") return undefined;
    return this.patterns.value.found.find(({ id }) => id === wanted);
  }

  protected override willUpdate(): void {
    const { details, state, version, channel } = this.context;
    // Patterns of a run that still goes would change under the reader: they are worked out once a visit.
    const patternsOf = `${details.item.run} ${details.item.live ? "" : version}`;
    // The list comes first, unless it waits for a pattern's rows.
    const first = state.trials.pattern !== "" || this.#rows?.total !== undefined;
    if (first && patternsOf !== this.#patternsOf) {
      this.#patternsOf = patternsOf;
      this.#loadPatterns(channel.request("patterns", undefined));
    }
    // Which rows a pattern means is known once the patterns are.
    const waiting = state.trials.pattern !== "" && this.patterns.kind === "loading";
    const key = JSON.stringify([details.item.run, state.trials, this.#pattern === undefined]);
    if (key !== this.#asked && !waiting) {
      this.#asked = key;
      this.#restart();
    }
    const [variant, position, repeat] = state.selected;
    const opened = variant === undefined ? "" : `${details.item.run} ${state.selected.join(" ")}`;
    if (opened === this.#opened) return;
    this.#opened = opened;
    if (variant === undefined || position === undefined || repeat === undefined) {
      this.detail = undefined;
      return;
    }
    this.detail ??= notYet;
    this.#load(this.context.channel.request("trial", { variant, position, repeat }));
  }

  protected override render(): TemplateResult {
    const { context } = this;
    const choice = context.state.trials;
    const rows = this.#rows;
    if (rows === undefined) return loading("Reading the trials…");
    const { variants } = context.details.summary;
    return html`
      ${filtersView({
        context,
        choice,
        found: rows.total === undefined ? "Reading…" : plural(rows.total, "trial"),
        onChange: (change) => this.#change(change),
        onSearch: (text) => this.#search(text),
        onRefresh: () => this.#restart(),
      })}
      ${this.failure === undefined ? "" : banner("error", this.failure)}
      <div class="trial-split">
        ${this.#patternsView()}
        ${
          rows.total === 0
            ? emptyState({ icon: "search", title: "No trial is like that", text: "Loosen the filters above." })
            : html`<trial-grid
                .rows=${rows}
                .tick=${this.tick}
                .active=${this.active}
                .sort=${choice.sort}
                .descending=${choice.descending}
                .nameOf=${(variant: number) => context.nameOf(variants[variant]?.id ?? "")}
                .onActive=${(index: number) => {
                  this.active = index;
                  this.#openSoon(index);
                }}
                .onOpen=${() => this.querySelector<HTMLElement>(".trial-detail")?.focus()}
                .startAt=${context.state.scroll["trials"] ?? 0}
                .onScroll=${(top: number) => this.#keepScroll(top)}
                .onSort=${(sort: TrialChoice["sort"], descending: boolean) => this.#change({ sort, descending })}
              ></trial-grid>`
        }
        <section class="trial-detail" tabindex="-1" aria-label="Trial">
          ${
            this.detail === undefined
              ? emptyState({
                  icon: "list-selection",
                  title: "Choose a trial",
                  text: "Its prompt, its answer and every other variant's appear here.",
                })
              : loadedView(this.detail, "Reading the trial…", (detail) =>
                  detailView(context, detail, (selected) => context.update({ selected })),
                )
          }
        </section>
      </div>
    `;
  }

  #patternsView(): TemplateResult {
    const { context } = this;
    const found =
      this.patterns.kind === "ready"
        ? this.patterns.value.found.length + this.patterns.value.confusions.length
        : undefined;
    return html`<details
      class="patterns"
      ?open=${context.state.patternsOpen}
      @toggle=${(event: Event) => {
        const { open } = event.currentTarget as HTMLDetailsElement;
        if (open !== context.state.patternsOpen) context.update({ patternsOpen: open });
      }}
    >
      <summary>What failing rows have in common${found === undefined ? "" : ` (${found})`}</summary>
      <div class="patterns-list" ${scrollBox("What failing rows have in common")}>
        ${loadedView(this.patterns, "Looking for patterns…", (report) => patternList(context, report))}
      </div>
    </details>`;
  }

  #change(change: Partial<TrialChoice>): void {
    this.context.update({ trials: { ...this.context.state.trials, ...change } });
  }

  #restart(): void {
    this.#rows?.stop();
    this.active = -1;
    this.failure = undefined;
    const { channel, details, state } = this.context;
    const positions = this.#pattern?.positions;
    this.#rows = new PagedRows<ListedTrial>({
      pageSize,
      keep: heldPages,
      fetch: (after, skip) => {
        const query = queryOf(details.item.run, state.trials, { after, skip, positions });
        return channel.request("trials", query);
      },
      onChange: () => {
        this.failure = undefined;
        this.tick += 1;
      },
      onError: (error) => {
        this.failure = lineOf(error);
      },
    });
    this.requestUpdate();
  }

  #open(index: number): void {
    const row = this.#rows?.row(index);
    if (row !== undefined) this.context.update({ selected: [row.variant, row.position, row.repeat] });
  }
}

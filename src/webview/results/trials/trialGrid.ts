import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { TrialSort } from "../../../engine/store/store.ts";
import type { ListedTrial } from "../../../protocol/resultsPanel.ts";
import { cssVars } from "../../shared/cssVars.ts";
import { count, milliseconds, percent } from "../../shared/format.ts";
import { icon } from "../../shared/icon.ts";
import { PanelElement } from "../../shared/panelElement.ts";
import { outcomeView } from "./outcome.ts";
import type { PagedRows } from "./pagedRows.ts";
import { rowHeight, rowsInSight, rowsPerPage, scrollToSee, type Viewport } from "./rowWindow.ts";

interface GridColumn {
  readonly id: string;
  readonly label: string;
  readonly title?: string;
  readonly sort?: TrialSort;
  readonly numeric?: boolean;
  readonly cell: (row: ListedTrial, nameOf: (variant: number) => string) => unknown;
}

const longestCell = 200;

const columns: readonly GridColumn[] = [
  {
    id: "place",
    label: "#",
    title: "Place in the order in which the run asks the rows",
    sort: "position",
    numeric: true,
    cell: (row) => count(row.position + 1),
  },
  { id: "row", label: "Row", title: "Row of the dataset", numeric: true, cell: (row) => count(row.row) },
  { id: "variant", label: "Variant", cell: (row, nameOf) => nameOf(row.variant) },
  { id: "outcome", label: "Outcome", sort: "score", cell: (row) => outcomeView(row) },
  { id: "expected", label: "Expected", sort: "expected", cell: (row) => textCell(row.expected) },
  {
    id: "prediction",
    label: "Answered",
    sort: "prediction",
    cell: (row) => textCell(row.prediction ?? row.errorMessage),
  },
  {
    id: "confidence",
    label: "Conf.",
    sort: "confidence",
    numeric: true,
    cell: (row) => (row.confidence === undefined ? "–" : percent(row.confidence, 0)),
  },
  {
    id: "latency",
    label: "Latency",
    sort: "latency",
    numeric: true,
    cell: (row) =>
      row.source === "call" && row.latencyMs !== undefined ? milliseconds(row.latencyMs) : (row.source ?? "–"),
  },
  {
    id: "tokens",
    label: "Tokens",
    sort: "tokens",
    numeric: true,
    cell: (row) => (row.promptTokens === undefined ? "–" : count(row.promptTokens + (row.completionTokens ?? 0))),
  },
  { id: "segment", label: "Segment", cell: (row) => textCell(row.segment) },
];

/**
 * A long list of trials. Only the rows in sight are in the page; the grid itself holds the focus and names the active row, so
 * that scrolling a row out of the page never loses the keyboard.
 */
export class TrialGrid extends PanelElement {
  static override properties = {
    rows: { attribute: false },
    tick: { attribute: false },
    active: { attribute: false },
    sort: { attribute: false },
    descending: { attribute: false },
    nameOf: { attribute: false },
    onActive: { attribute: false },
    onOpen: { attribute: false },
    onSort: { attribute: false },
    startAt: { attribute: false },
    onScroll: { attribute: false },
  };

  declare rows: PagedRows<ListedTrial>;
  /** Goes up when rows came. */
  declare tick: number;
  /** Index of the row the keyboard is on; -1 for none. */
  declare active: number;
  declare sort: TrialSort;
  declare descending: boolean;
  declare nameOf: (variant: number) => string;
  declare onActive: (index: number) => void;
  declare onOpen: () => void;
  declare onSort: (sort: TrialSort, descending: boolean) => void;
  /** Where the first list shown is scrolled to; later ones begin at their top. */
  declare startAt: number;
  declare onScroll: (top: number) => void;

  /** Rows drawn last. */
  #drawn: readonly [first: number, last: number] = [0, -1];
  #shownRows: PagedRows<ListedTrial> | undefined;
  readonly #resized = new ResizeObserver(() => this.#look());

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resized.disconnect();
  }

  protected override firstUpdated(): void {
    const box = this.#box;
    if (box !== null) this.#resized.observe(box);
  }

  protected override render(): TemplateResult {
    const total = this.rows.total ?? 0;
    const [first, last] = rowsInSight(this.#viewport);
    this.#drawn = [first, last];
    const indices = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
    return html`<div
      class="trial-grid"
      role="grid"
      tabindex="0"
      aria-label="Trials"
      aria-rowcount=${total + 1}
      aria-activedescendant=${this.active >= first && this.active <= last ? `trial-${this.active}` : nothing}
      @keydown=${(event: KeyboardEvent) => this.#onKey(event)}
      @scroll=${() => {
        this.#look();
        this.onScroll(this.#viewport.scrollTop);
      }}
    >
      <div class="trial-row trial-head" role="row" aria-rowindex="1">${columns.map((column) => this.#header(column))}</div>
      <div class="trial-space" role="presentation" ${cssVars({ height: `${total * rowHeight}px` })}>
        ${repeat(
          indices,
          (index) => index,
          (index) => this.#row(index),
        )}
      </div>
    </div>`;
  }

  protected override updated(): void {
    // Before the total is known there is nothing to scroll.
    if (this.#shownRows !== this.rows && (this.#shownRows !== undefined || this.rows.total !== undefined)) {
      this.#box?.scrollTo({ top: this.#shownRows === undefined ? this.startAt : 0 });
      this.#shownRows = this.rows;
    }
    const [first, last] = this.#drawn;
    if (last >= first) this.rows.look(first, last);
    this.#look();
  }

  get #box(): HTMLElement | null {
    return this.querySelector<HTMLElement>(".trial-grid");
  }

  get #viewport(): Viewport {
    const box = this.#box;
    return { scrollTop: box?.scrollTop ?? 0, height: box?.clientHeight ?? 0, total: this.rows.total ?? 0 };
  }

  /** Draws again when other rows are in sight than are drawn. */
  #look(): void {
    const [first, last] = rowsInSight(this.#viewport);
    if (first !== this.#drawn[0] || last !== this.#drawn[1]) this.requestUpdate();
  }

  #header(column: GridColumn): TemplateResult {
    const { sort } = column;
    const classes = `cell cell-${column.id} ${column.numeric === true ? "number" : ""}`;
    if (sort === undefined)
      return html`<span role="columnheader" class=${classes} title=${column.title ?? nothing}>${column.label}</span>`;
    const sorted = sort === this.sort;
    return html`<span
      role="columnheader"
      class=${classes}
      aria-sort=${sorted ? (this.descending ? "descending" : "ascending") : nothing}
    ><button type="button" class="sort" title=${column.title ?? nothing} @click=${() => this.onSort(sort, sorted && !this.descending)}>${column.label}${
      sorted ? icon(this.descending ? "arrow-down" : "arrow-up") : nothing
    }</button></span>`;
  }

  #row(index: number): TemplateResult {
    const row = this.rows.row(index);
    const active = index === this.active;
    return html`<div
      class="trial-row trial-body ${active ? "is-active" : ""} ${row === undefined ? "is-waiting" : ""}"
      role="row"
      id="trial-${index}"
      aria-rowindex=${index + 2}
      aria-selected=${active}
      ${cssVars({ start: `${index * rowHeight}px` })}
      @click=${() => this.#activate(index)}
      @dblclick=${() => this.onOpen()}
    >${columns.map(
      (column) =>
        html`<span role="gridcell" class="cell cell-${column.id} ${column.numeric === true ? "number" : ""}">${
          row === undefined ? (column.id === "row" ? "…" : nothing) : column.cell(row, this.nameOf)
        }</span>`,
    )}</div>`;
  }

  #activate(index: number): void {
    this.onActive(index);
    this.#box?.scrollTo({ top: scrollToSee(index, this.#viewport) });
  }

  #onKey(event: KeyboardEvent): void {
    if ((event.target as HTMLElement).closest("button") !== null) return;
    const total = this.rows.total ?? 0;
    if (total === 0) return;
    if (event.key === "Enter") {
      event.preventDefault();
      this.onOpen();
      return;
    }
    const page = rowsPerPage(this.#viewport.height);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: this.active + 1,
      ArrowUp: this.active - 1,
      PageDown: this.active + page,
      PageUp: this.active - page,
      Home: 0,
      End: total - 1,
    };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#activate(Math.min(Math.max(0, to), total - 1));
  }
}

/** One line of a text that may be long and hostile: a short text node whose direction stays its own. */
function textCell(text: string | undefined): TemplateResult {
  return html`<bdi>${text === undefined ? "–" : text.slice(0, longestCell)}</bdi>`;
}

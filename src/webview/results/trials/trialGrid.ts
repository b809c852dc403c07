import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { TrialPage } from "../../../engine/api.ts";
import type { TrialSort } from "../../../engine/store/store.ts";
import { cssVars } from "../../shared/cssVars.ts";
import { count, milliseconds, percent } from "../../shared/format.ts";
import { icon } from "../../shared/icon.ts";
import { PanelElement } from "../../shared/panelElement.ts";
import { outcomeView } from "./outcome.ts";
import type { PagedRows } from "./pagedRows.ts";

/** A trial as the grid keeps it: without the long texts. */
export type GridRow = Omit<TrialPage["rows"][number], "rawResponse">;

interface GridColumn {
  readonly id: string;
  readonly label: string;
  readonly sort?: TrialSort;
  readonly numeric?: boolean;
  readonly cell: (row: GridRow, nameOf: (variant: number) => string) => unknown;
}

const rowHeight = 24;
/** The header row, which sticks to the top. */
const headHeight = 26;
const longestCell = 200;

const columns: readonly GridColumn[] = [
  { id: "row", label: "Row", sort: "position", numeric: true, cell: (row) => count(row.row) },
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
  };

  declare rows: PagedRows<GridRow>;
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

  #virtual: Virtualizer<HTMLElement, HTMLElement> | undefined;
  #unmount: (() => void) | undefined;
  #shownRows: PagedRows<GridRow> | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unmount?.();
    this.#unmount = undefined;
    this.#virtual = undefined;
  }

  protected override render(): TemplateResult {
    const total = this.rows.total ?? 0;
    const items = this.#virtual?.getVirtualItems() ?? [];
    return html`<div
      class="trial-grid"
      role="grid"
      tabindex="0"
      aria-label="Trials"
      aria-rowcount=${total + 1}
      aria-activedescendant=${items.some((item) => item.index === this.active) ? `trial-${this.active}` : nothing}
      @keydown=${(event: KeyboardEvent) => this.#onKey(event)}
    >
      <div class="trial-row trial-head" role="row" aria-rowindex="1">${columns.map((column) => this.#header(column))}</div>
      <div class="trial-space" role="presentation" ${cssVars({ height: `${total * rowHeight}px` })}>
        ${repeat(
          items,
          (item) => item.key,
          (item) => this.#row(item.index, item.start),
        )}
      </div>
    </div>`;
  }

  protected override updated(): void {
    const total = this.rows.total ?? 0;
    if (this.#virtual === undefined) this.#mount();
    const virtual = this.#virtual;
    if (virtual === undefined) return;
    if (virtual.options.count !== total) {
      virtual.setOptions({ ...virtual.options, count: total });
      virtual._willUpdate();
      this.requestUpdate();
    }
    if (this.#shownRows !== this.rows) {
      this.#shownRows = this.rows;
      virtual.scrollToOffset(0);
    }
    const items = virtual.getVirtualItems();
    const [first] = items;
    if (first !== undefined) this.rows.look(first.index, items.at(-1)?.index ?? first.index);
  }

  #mount(): void {
    const grid = this.querySelector<HTMLElement>(".trial-grid");
    if (grid === null) return;
    this.#virtual = new Virtualizer<HTMLElement, HTMLElement>({
      count: this.rows.total ?? 0,
      getScrollElement: () => grid,
      estimateSize: () => rowHeight,
      scrollPaddingStart: headHeight,
      overscan: 12,
      observeElementRect,
      observeElementOffset,
      scrollToFn: elementScroll,
      onChange: () => this.requestUpdate(),
    });
    this.#unmount = this.#virtual._didMount();
    this.#virtual._willUpdate();
    this.requestUpdate();
  }

  #header(column: GridColumn): TemplateResult {
    const { sort } = column;
    const classes = `cell cell-${column.id} ${column.numeric === true ? "number" : ""}`;
    if (sort === undefined) return html`<span role="columnheader" class=${classes}>${column.label}</span>`;
    const sorted = sort === this.sort;
    return html`<span
      role="columnheader"
      class=${classes}
      aria-sort=${sorted ? (this.descending ? "descending" : "ascending") : nothing}
    ><button type="button" class="sort" @click=${() => this.onSort(sort, sorted && !this.descending)}>${column.label}${
      sorted ? icon(this.descending ? "arrow-down" : "arrow-up") : nothing
    }</button></span>`;
  }

  #row(index: number, start: number): TemplateResult {
    const row = this.rows.row(index);
    const active = index === this.active;
    return html`<div
      class="trial-row trial-body ${active ? "is-active" : ""} ${row === undefined ? "is-waiting" : ""}"
      role="row"
      id="trial-${index}"
      aria-rowindex=${index + 2}
      aria-selected=${active}
      ${cssVars({ start: `${start}px` })}
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
    this.#virtual?.scrollToIndex(index, { align: "auto" });
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
    const page = Math.max(1, Math.floor((this.querySelector(".trial-grid")?.clientHeight ?? 0) / rowHeight) - 2);
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

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { type CsvValue, csvText } from "./csv.ts";
import { icon } from "./icon.ts";
import { scrollBox } from "./scrollBox.ts";
import { explain } from "./term.ts";

export interface Column<Row> {
  readonly id: string;
  readonly label: string;
  readonly title?: string;
  readonly numeric?: boolean;
  /** What rows are sorted by and what a file gets; null where it is not known. */
  readonly value: (row: Row) => CsvValue;
  readonly cell: (row: Row) => unknown;
  /** Names the row. */
  readonly head?: boolean;
}

/** Column and direction: `accuracy` or `-accuracy`. */
export type SortOrder = string;

export interface SortableTableOptions<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly sort: SortOrder;
  readonly onSort: (sort: SortOrder) => void;
  readonly rowClass?: (row: Row) => string;
}

/** A table whose headers sort it. What is not known stands last either way. */
export function sortableTable<Row>(options: SortableTableOptions<Row>): TemplateResult {
  const { columns, sort } = options;
  const sorted = inOrder(options.rows, columns, sort);
  return html`<div class="table-scroll" ${scrollBox(options.label)}>
    <table class="table" aria-label=${options.label}>
      <thead>
        <tr>${columns.map((column) => header(column, sort, options.onSort))}</tr>
      </thead>
      <tbody>
        ${repeat(
          sorted,
          (row) => options.keyOf(row),
          (row) => html`<tr class=${options.rowClass?.(row) ?? ""}>
            ${columns.map((column) =>
              column.head === true
                ? html`<th scope="row">${column.cell(row)}</th>`
                : html`<td class=${column.numeric === true ? "number" : ""}>${column.cell(row)}</td>`,
            )}
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function header<Row>(column: Column<Row>, sort: SortOrder, onSort: (sort: SortOrder) => void): TemplateResult {
  const ascending = sort === column.id;
  const descending = sort === `-${column.id}`;
  // Numbers are mostly looked at from the top.
  const next = ascending ? `-${column.id}` : descending || column.numeric !== true ? column.id : `-${column.id}`;
  return html`<th
    scope="col"
    class=${column.numeric === true ? "number" : ""}
    aria-sort=${ascending ? "ascending" : descending ? "descending" : nothing}
  ><button type="button" class="sort" ${explain(column.title)} @click=${() => onSort(next)}>${column.label}${
    ascending ? icon("arrow-up") : descending ? icon("arrow-down") : nothing
  }</button></th>`;
}

export function inOrder<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sort: SortOrder): readonly Row[] {
  const descending = sort.startsWith("-");
  const column = columns.find(({ id }) => id === (descending ? sort.slice(1) : sort));
  if (column === undefined) return rows;
  return rows.toSorted((a, b) => {
    const left = column.value(a) ?? undefined;
    const right = column.value(b) ?? undefined;
    if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined);
    const order =
      typeof left === "number" && typeof right === "number" ? left - right : String(left).localeCompare(String(right));
    return descending ? -order : order;
  });
}

export function tableCsv<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  return csvText(
    columns.map((column) => column.id),
    rows.map((row) => columns.map((column) => column.value(row))),
  );
}

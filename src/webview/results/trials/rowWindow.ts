/** Rows of one height under a header that sticks to the top: which of them are in sight, and how to bring one there. */

export const rowHeight = 24;
export const headHeight = 26;
/** Rows drawn beyond either edge, so that a scroll shows them at once. */
const spare = 12;

export interface Viewport {
  readonly scrollTop: number;
  /** Of the box that scrolls, header included. */
  readonly height: number;
  readonly total: number;
}

/** First and last row to draw; the last is before the first when there is none. */
export function rowsInSight({ scrollTop, height, total }: Viewport): readonly [first: number, last: number] {
  const first = Math.floor(scrollTop / rowHeight) - spare;
  const last = Math.ceil((scrollTop + height - headHeight) / rowHeight) + spare;
  return [Math.min(Math.max(0, first), Math.max(0, total - 1)), Math.min(last, total - 1)];
}

/** The nearest scroll position at which all of a row can be seen. */
export function scrollToSee(row: number, { scrollTop, height }: Viewport): number {
  const highest = row * rowHeight;
  const lowest = highest + rowHeight + headHeight - height;
  return Math.max(0, Math.min(highest, Math.max(lowest, scrollTop)));
}

/** Rows that the page keys move by: a screen, less one row to keep the place. */
export function rowsPerPage(height: number): number {
  return Math.max(1, Math.floor((height - headHeight) / rowHeight) - 1);
}

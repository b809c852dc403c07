import type { SQLOutputValue } from "node:sqlite";
import { packedText } from "./packing.ts";

/** Typed reading of columns. A value of the wrong kind is a bug or a damaged file, and throws. */

type Cell = SQLOutputValue | undefined;

export function number(cell: Cell): number {
  if (typeof cell === "number") return cell;
  throw new TypeError(`expected a number in the store, found ${typeof cell}`);
}

export function maybeNumber(cell: Cell): number | undefined {
  return cell === null ? undefined : number(cell);
}

export function text(cell: Cell): string {
  if (typeof cell === "string") return cell;
  throw new TypeError(`expected a text in the store, found ${typeof cell}`);
}

export function maybeText(cell: Cell): string | undefined {
  return cell === null ? undefined : text(cell);
}

/** A text that may have been compressed. */
export function longText(cell: Cell): string {
  if (typeof cell === "string") return cell;
  if (cell instanceof Uint8Array) return packedText(cell);
  throw new TypeError(`expected a text in the store, found ${typeof cell}`);
}

export function maybeLongText(cell: Cell): string | undefined {
  return cell === null ? undefined : longText(cell);
}

export function bytes(cell: Cell): Uint8Array {
  if (cell instanceof Uint8Array) return cell;
  throw new TypeError(`expected bytes in the store, found ${typeof cell}`);
}

export function orNull<T>(value: T | undefined): T | null {
  return value === undefined ? null : value;
}

import type { Example } from "../dataset/example.ts";
import type { Piece } from "../prompt/prompt.ts";
import type { PartName } from "../spec/experiment.ts";
import { blockSeparator } from "./frames.ts";

/** What to leave out of one prompt so that it fits. */
export interface Cut {
  /** How many demonstrations may stay. */
  readonly demonstrations?: number;
  /** Stands in place of the context; empty leaves it out. */
  readonly context?: string;
}

/** One block's pieces: as they stand inside a message, and as they stand at its end. */
export interface Rendered {
  readonly inner: readonly Piece[];
  readonly final: readonly Piece[];
}

/** One part at one place of a message. */
export interface Block {
  readonly part: PartName;
  /** What every example gets, unless its prompt is cut or shows the example itself; undefined when the part varies. */
  readonly fixed: Rendered | undefined;
  /** Gives `fixed` itself where that holds, undefined where the block is blank and left out. */
  render(example: Example, cut: Cut): Rendered | undefined;
}

/** A block of a single piece. */
export function rendered(part: PartName, text: string, fixed: boolean): Rendered {
  return { inner: [{ text: text + blockSeparator, part, fixed }], final: [{ text, part, fixed }] };
}

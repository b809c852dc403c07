import type { PartName } from "../../engine/spec/experiment.ts";

/** A piece of a prompt as a panel draws it; stored prompts know no tokens and nothing trimmed. */
interface DrawnPiece {
  readonly part: PartName;
  readonly text: string;
  readonly tokens?: number;
  readonly trimmed?: boolean;
}

export interface DrawnMessage {
  readonly role: string;
  readonly pieces: readonly DrawnPiece[];
}

/** Neighbouring pieces of one part. */
export interface Group {
  /** Stays the same while the layout does, so that a changed text touches only its own element. */
  readonly key: string;
  readonly message: number;
  readonly role: string;
  readonly part: PartName;
  readonly pieces: readonly DrawnPiece[];
  /** Of what is sent; undefined where they are not known. */
  readonly tokens: number | undefined;
  /** Tokens of what was trimmed away. */
  readonly trimmedTokens: number;
}

/** First piece after something, in `messages`. */
export interface PiecePlace {
  readonly message: number;
  readonly piece: number;
}

/** Groups of every message; a group never reaches over `breakAt`. */
export function groupsOf(messages: readonly DrawnMessage[], breakAt?: PiecePlace): Group[][] {
  return messages.map((message, m) => {
    const groups: Group[] = [];
    let from = 0;
    const take = (to: number) => {
      const pieces = message.pieces.slice(from, to);
      const [first] = pieces;
      if (first === undefined) return;
      const nth = groups.filter((group) => group.part === first.part).length;
      groups.push({
        key: `${m} ${first.part} ${nth}`,
        message: m,
        role: message.role,
        part: first.part,
        pieces,
        tokens: sum(pieces.filter((piece) => piece.trimmed !== true)),
        trimmedTokens: sum(pieces.filter((piece) => piece.trimmed === true)) ?? 0,
      });
      from = to;
    };
    for (let i = 1; i < message.pieces.length; i++) {
      const atBreak = breakAt?.message === m && breakAt.piece === i;
      if (atBreak || message.pieces[i]?.part !== message.pieces[i - 1]?.part) take(i);
    }
    take(message.pieces.length);
    return groups;
  });
}

function sum(pieces: readonly DrawnPiece[]): number | undefined {
  let total = 0;
  for (const { tokens } of pieces) {
    if (tokens === undefined) return undefined;
    total += tokens;
  }
  return total;
}

/** Which group the break stands before: its message and place; undefined when it is past the last. */
export function groupAt(groups: readonly (readonly Group[])[], place: PiecePlace): PiecePlace | undefined {
  const inMessage = groups[place.message];
  if (inMessage === undefined) return undefined;
  let piece = 0;
  for (const [index, group] of inMessage.entries()) {
    if (piece >= place.piece) return { message: place.message, piece: index };
    piece += group.pieces.length;
  }
  return { message: place.message + 1, piece: 0 };
}

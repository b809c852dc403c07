import type { Fitted } from "../context/trim.ts";
import type { Piece, Prompt, PromptMessage } from "../prompt/prompt.ts";
import type { PartName } from "../spec/experiment.ts";

export interface PreviewMessage {
  readonly role: PromptMessage["role"];
  readonly pieces: readonly PreviewPiece[];
}

export interface PreviewPiece {
  readonly part: PartName;
  readonly text: string;
  /** Tokens of this text; of a trimmed piece, what it would cost. */
  readonly tokens: number;
  /** The same for every example. */
  readonly fixed: boolean;
  /** Left out of the prompt as sent, so that it fits. */
  readonly trimmed: boolean;
  /** Which demonstration this is, from 0. */
  readonly item?: number;
}

/** The whole prompt's pieces with those marked that the fitted prompt does without. */
export function previewMessages(
  whole: Prompt,
  fitted: Fitted,
  leastUsefulFirst: boolean,
  tokensOf: (piece: Piece) => number,
): PreviewMessage[] {
  const { report } = fitted;
  const { dropped, of } = report.demonstrations;
  const shownItems =
    1 + Math.max(-1, ...whole.messages.flatMap(({ pieces }) => pieces.map((piece) => piece.item ?? -1)));
  const kept = of - dropped;
  const isDropped = (piece: Piece): boolean => {
    if (piece.part !== "examples" || dropped === 0) return false;
    if (piece.item === undefined) return kept === 0;
    return leastUsefulFirst ? piece.item < shownItems - kept : piece.item >= kept;
  };
  return whole.messages.map(({ role, pieces }) => ({
    role,
    pieces: pieces.flatMap((piece): PreviewPiece[] => {
      if (piece.part === "context" && report.context.length > 0) return contextPieces(piece, report.context, tokensOf);
      return [shown(piece, piece.text, isDropped(piece), tokensOf)];
    }),
  }));
}

function shown(piece: Piece, text: string, trimmed: boolean, tokensOf: (piece: Piece) => number): PreviewPiece {
  const tokens = tokensOf(text === piece.text ? piece : { ...piece, text, fixed: false });
  const base = { part: piece.part, text, tokens, fixed: piece.fixed, trimmed };
  return piece.item === undefined ? base : { ...base, item: piece.item };
}

/** A context cut at the sentences that went. Sentences are looked for in order, so equal ones are told apart. */
function contextPieces(piece: Piece, gone: readonly string[], tokensOf: (piece: Piece) => number): PreviewPiece[] {
  const out: PreviewPiece[] = [];
  let from = 0;
  const take = (to: number, trimmed: boolean): void => {
    if (to > from) out.push(shown(piece, piece.text.slice(from, to), trimmed, tokensOf));
    from = Math.max(from, to);
  };
  for (const sentence of gone) {
    const text = sentence.trimEnd();
    const at = text === "" ? -1 : piece.text.indexOf(text, from);
    if (at < 0) continue;
    take(at, false);
    take(at + text.length, true);
  }
  take(piece.text.length, false);
  return out;
}

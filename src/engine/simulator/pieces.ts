const piecePattern = /\s*(?:\p{L}{1,6}|\p{N}{1,3}|[^\s\p{L}\p{N}])|\s+$/gu;

/** A text cut into what stands for its tokens; joined they give the text back. */
export function piecesOf(text: string): string[] {
  return text.match(piecePattern) ?? (text === "" ? [] : [text]);
}

/** An answer as far as it was allowed to be written. */
export interface Written {
  readonly text: string;
  readonly pieces: readonly string[];
  readonly finish: "stop" | "length";
}

/** Applies stop sequences, then the token limit. */
export function writeOut(answer: string, mostTokens: number | undefined, stops: readonly string[]): Written {
  let text = answer;
  for (const stop of stops) {
    const at = stop === "" ? -1 : text.indexOf(stop);
    if (at >= 0) text = text.slice(0, at);
  }
  const pieces = piecesOf(text);
  if (mostTokens === undefined || pieces.length <= mostTokens) return { text, pieces, finish: "stop" };
  const kept = pieces.slice(0, Math.max(0, mostTokens));
  return { text: kept.join(""), pieces: kept, finish: "length" };
}

import { DataError } from "./dataError.ts";

/**
 * Text of a byte stream, piece by piece: UTF-8 with or without a byte-order mark, line ends made `\n`. Throws a `DataError`
 * where the bytes are something else, as a half-read dataset would be worse than none.
 */
export async function* decodeText(chunks: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let first = true;
  let line = 1;
  let pendingReturn = false;
  for await (const chunk of chunks) {
    if (first && typeof chunk !== "string") refuseOtherEncodings(chunk);
    let text = typeof chunk === "string" ? chunk : decoded(decoder, chunk, line);
    if (text === "") continue;
    if (first && text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    first = false;
    // A `\r` at the end of a piece may be half of a line end.
    if (pendingReturn) text = `\r${text}`;
    pendingReturn = text.endsWith("\r");
    if (pendingReturn) text = text.slice(0, -1);
    if (text.includes("\r")) text = text.replaceAll(/\r\n?/g, "\n");
    line += newlines(text);
    if (text !== "") yield text;
  }
  try {
    decoder.decode();
  } catch {
    throw notUtf8(line);
  }
  if (pendingReturn) yield "\n";
}

function decoded(decoder: TextDecoder, chunk: Uint8Array, line: number): string {
  try {
    return decoder.decode(chunk, { stream: true });
  } catch {
    const lenient = new TextDecoder("utf-8").decode(chunk);
    throw notUtf8(line + newlines(lenient.slice(0, lenient.indexOf("\ufffd"))));
  }
}

function notUtf8(line: number): DataError {
  return new DataError(
    "encoding",
    "the text is not UTF-8",
    "save the file as UTF-8 (in a spreadsheet: CSV UTF-8)",
    line,
  );
}

function refuseOtherEncodings(chunk: Uint8Array): void {
  const [a, b] = chunk;
  const marked = (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff);
  // UTF-16 without a mark shows as a zero in every second byte; no text in UTF-8 holds zeros.
  if (marked || chunk.subarray(0, 1024).includes(0)) {
    if (marked || chunk.subarray(0, 64).filter((byte) => byte === 0).length > 4) {
      throw new DataError("encoding", "the file is in UTF-16", "save it as UTF-8 (in a spreadsheet: CSV UTF-8)", 1);
    }
    throw new DataError("encoding", "the file holds binary data", "give a text file in UTF-8", 1);
  }
}

function newlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

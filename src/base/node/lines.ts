import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

/** A line of a text file, without its end. */
export interface Line {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** False for a last line that nothing ends: its writer may have been stopped in the middle of it. */
  readonly ended: boolean;
  /** Where the next line begins, in bytes. */
  readonly endsAt: number;
}

const newline = 0x0a;

/**
 * The lines of a file, in constant memory. Only a line feed ends one (a carriage return before it goes too): JSON may hold
 * every other character that Node's own reader takes for an end.
 */
export async function* linesOf(file: string): AsyncGenerator<Line> {
  let held: Buffer[] = [];
  let number = 0;
  let at = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
      const part = chunk.subarray(from, end);
      const whole = held.length === 0 ? part : Buffer.concat([...held, part]);
      held = [];
      number += 1;
      at += whole.length + 1;
      from = end + 1;
      const length = whole.at(-1) === 0x0d ? whole.length - 1 : whole.length;
      yield { text: textOf(whole, length, number), number, ended: true, endsAt: at };
    }
    if (from < chunk.length) held.push(chunk.subarray(from));
  }
  if (held.length === 0) return;
  const whole = Buffer.concat(held);
  yield { text: textOf(whole, whole.length, number + 1), number: number + 1, ended: false, endsAt: at + whole.length };
}

/** A byte-order mark at the start of the file is no text. */
function textOf(bytes: Buffer, length: number, number: number): string {
  const marked = number === 1 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return bytes.toString("utf8", marked ? 3 : 0, length);
}

/**
 * A file that lines are added to at the end and never changed. Lines of one turn of the event loop are written together; a
 * resolved `add` is with the operating system, so it survives `kill -9`, and of a line that did not get there whole the next
 * `open` leaves nothing.
 */
export class LineLog {
  readonly #file: FileHandle;
  #waiting: { readonly text: string; readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];
  #writing: Promise<void> | undefined;
  bytes: number;

  private constructor(file: FileHandle, bytes: number) {
    this.#file = file;
    this.bytes = bytes;
  }

  /** Opens or makes the file, tells each line it has, and cuts off a half-written last one. */
  static async open(path: string, each: (text: string) => void): Promise<LineLog> {
    const file = await open(path, "a");
    try {
      let whole = 0;
      for await (const line of linesOf(path)) {
        if (!line.ended) break;
        whole = line.endsAt;
        if (line.text !== "") each(line.text);
      }
      await file.truncate(whole);
      return new LineLog(file, whole);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  add(line: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text: line, resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  async #write(): Promise<void> {
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        const bytes = Buffer.from(group.map(({ text }) => `${text}\n`).join(""));
        await this.#file.appendFile(bytes);
        this.bytes += bytes.length;
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#writing = undefined;
  }
}

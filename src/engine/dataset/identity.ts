import { contentHash } from "../../base/hash.ts";
import type { Scalar } from "../spec/experiment.ts";

type Fields = Readonly<Record<string, Scalar | null>>;

/**
 * A record's content as one text that depends neither on the order of its columns nor on the format it came in: a number in JSON
 * and its digits in CSV are the same, and so are an empty cell, null and an absent key.
 */
export function contentOf(fields: Fields): string {
  const names = Object.keys(fields).sort();
  let text = "";
  for (const name of names) {
    const value = fields[name];
    if (value === null || value === undefined || value === "") continue;
    const written = String(value);
    text += `${name.length}:${name}${written.length}:${written}`;
  }
  return text;
}

/** An id for a row that has none of its own: 64 bits of its content's hash. */
export function contentId(fields: Fields): string {
  return contentHash(contentOf(fields)).slice(0, 16);
}

/** Hashes a sequence of texts without holding them all. */
export class SequenceHash {
  #block = "";
  #count = 0;
  readonly #blocks: string[] = [];

  add(text: string): void {
    this.#block += `${text.length}:${text}`;
    if (++this.#count % 256 === 0) this.#close();
  }

  end(): string {
    this.#close();
    return contentHash(this.#blocks.join(""));
  }

  #close(): void {
    if (this.#block === "") return;
    this.#blocks.push(contentHash(this.#block));
    this.#block = "";
  }
}

import { LRUCache } from "lru-cache";
import { contentHash } from "../../base/hash.ts";
import type { Piece, PromptMessage } from "../prompt/prompt.ts";
import { packed } from "./packing.ts";
import type { Connection } from "./sqlite.ts";
import type { NewRequest } from "./store.ts";
import { longText, number, text } from "./values.ts";

/** Characters of text that each table of numbers may hold in memory. */
const memory = 4 * 2 ** 20;

function numbersOfTexts(): LRUCache<string, number> {
  return new LRUCache({ maxSize: memory, sizeCalculation: (_id, text) => text.length + 50 });
}

function textsOfNumbers(): LRUCache<number, string> {
  return new LRUCache({ maxSize: memory, sizeCalculation: (text) => text.length + 50 });
}

/**
 * Numbers for what rows share: names, texts by content, templates. What was looked up once is remembered, and a fixed piece
 * by its identity, so that a prompt's constant parts cost nothing after its first request. `reset` forgets all numbers: call
 * it when a transaction was rolled back, or when another process may have swept.
 *
 * Methods that give a number write it when it is new, so they belong inside a transaction.
 */
export class Registry {
  readonly #connection: Connection;
  readonly #names = numbersOfTexts();
  readonly #nameTexts = textsOfNumbers();
  readonly #bodies = numbersOfTexts();
  readonly #bodyTexts = textsOfNumbers();
  readonly #templates = numbersOfTexts();
  readonly #runs = numbersOfTexts();
  #pieces = new WeakMap<Piece, number>();
  #sweep = -1;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  reset(): void {
    this.#names.clear();
    this.#nameTexts.clear();
    this.#bodies.clear();
    this.#bodyTexts.clear();
    this.#templates.clear();
    this.#runs.clear();
    this.#pieces = new WeakMap();
  }

  /** Forgets what a sweep by another process may have removed; to be called as a transaction opens. */
  catchUp(): void {
    const count = number(this.#connection.get("SELECT count FROM sweep")?.["count"]);
    if (count !== this.#sweep) this.reset();
    this.#sweep = count;
  }

  /** Tells every process to forget its numbers. */
  announceSweep(): void {
    this.#connection.run("UPDATE sweep SET count = count + 1");
    this.reset();
  }

  name(text: string): number {
    let id = this.#names.get(text);
    if (id === undefined) {
      const row = this.#connection.get("SELECT id FROM name WHERE text = ?", text);
      id = row ? number(row["id"]) : this.#connection.insert("INSERT INTO name (text) VALUES (?)", text);
      this.#names.set(text, id);
    }
    return id;
  }

  /** The number of a name that is known; never writes. */
  knownName(text: string): number | undefined {
    const row = this.#connection.get("SELECT id FROM name WHERE text = ?", text);
    return row && number(row["id"]);
  }

  nameText(id: number): string {
    let found = this.#nameTexts.get(id);
    if (found === undefined) {
      found = text(this.#connection.get("SELECT text FROM name WHERE id = ?", id)?.["text"]);
      this.#nameTexts.set(id, found);
    }
    return found;
  }

  body(content: string): number {
    let id = this.#bodies.get(content);
    if (id === undefined) {
      const hash = contentHash(content);
      const row = this.#connection.get("SELECT id FROM body WHERE hash = ?", hash);
      id = row
        ? number(row["id"])
        : this.#connection.insert("INSERT INTO body (hash, data) VALUES (?, ?)", hash, packed(content));
      this.#bodies.set(content, id);
    }
    return id;
  }

  bodyText(id: number): string {
    let found = this.#bodyTexts.get(id);
    if (found === undefined) {
      found = longText(this.#connection.get("SELECT data FROM body WHERE id = ?", id)?.["data"]);
      this.#bodyTexts.set(id, found);
    }
    return found;
  }

  /** The number of a run, or undefined when there is none of that id; never writes. */
  run(id: string): number | undefined {
    let key = this.#runs.get(id);
    if (key === undefined) {
      const row = this.#connection.get("SELECT key FROM run WHERE id = ?", id);
      if (row === undefined) return undefined;
      key = number(row["key"]);
      this.#runs.set(id, key);
    }
    return key;
  }

  /** Takes a prompt apart into what its variant shares and its own texts. */
  template(run: number, row: NewRequest): { readonly id: number; readonly texts: readonly string[] } {
    const texts: string[] = [];
    let skeleton = "[";
    for (const message of row.messages) {
      skeleton += `${skeleton.length > 1 ? "," : ""}["${message.role}"`;
      for (const piece of message.pieces) {
        if (!piece.fixed) texts.push(piece.text);
        skeleton += `,"${piece.part}",${piece.fixed ? this.#piece(piece) : 0}`;
      }
      skeleton += "]";
    }
    skeleton += "]";
    return { id: this.#templateId(run, skeleton, row.request, row.responseSchema), texts };
  }

  #piece(piece: Piece): number {
    let id = this.#pieces.get(piece);
    if (id === undefined) {
      id = this.body(piece.text);
      this.#pieces.set(piece, id);
    }
    return id;
  }

  #templateId(run: number, skeleton: string, request: string, schema: string | undefined): number {
    const remembered = `${run} ${skeleton}\u0000${request}${schema === undefined ? "" : `\u0000${schema}`}`;
    let id = this.#templates.get(remembered);
    if (id === undefined) {
      const hash = contentHash(remembered);
      const row = this.#connection.get("SELECT id FROM template WHERE run = ? AND hash = ?", run, hash);
      id = row
        ? number(row["id"])
        : this.#connection.insert(
            "INSERT INTO template (run, hash, skeleton, request, response_schema) VALUES (?, ?, ?, ?, ?)",
            run,
            hash,
            skeleton,
            packed(request),
            schema === undefined ? null : packed(schema),
          );
      this.#templates.set(remembered, id);
    }
    return id;
  }

  /** The messages that `template` took apart. */
  messages(skeleton: string, texts: readonly string[]): readonly PromptMessage[] {
    let next = 0;
    const shapes: readonly (readonly [PromptMessage["role"], ...(string | number)[]])[] = JSON.parse(skeleton);
    return shapes.map(([role, ...shape]) => {
      const pieces: Piece[] = [];
      for (let i = 0; i < shape.length; i += 2) {
        const part = shape[i] as Piece["part"];
        const body = number(shape[i + 1] as number);
        if (body === 0) pieces.push({ text: texts[next++] ?? "", part, fixed: false });
        else pieces.push({ text: this.bodyText(body), part, fixed: true });
      }
      return { role, pieces };
    });
  }
}

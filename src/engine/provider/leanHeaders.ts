/** Headers as undici hands them over: names in lower case. */
export type RawHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * A response's `Headers`, read from what undici made of them. The real ones check and copy each header, sort them when they are
 * listed, and are listed by the SDK for a log that nobody keeps: a twentieth of what a request costs.
 */
export class LeanHeaders implements Headers {
  readonly #raw: RawHeaders;

  constructor(raw: RawHeaders) {
    this.#raw = raw;
  }

  get(name: string): string | null {
    const key = name.toLowerCase();
    const value = Object.hasOwn(this.#raw, key) ? this.#raw[key] : undefined;
    if (value === undefined) return null;
    return typeof value === "string" ? value : value.join(", ");
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  getSetCookie(): string[] {
    const value = this.#raw["set-cookie"] ?? [];
    return typeof value === "string" ? [value] : [...value];
  }

  *entries(): HeadersIterator<[string, string]> {
    for (const name of Object.keys(this.#raw)) {
      const value = this.get(name);
      if (value !== null) yield [name, value];
    }
  }

  *keys(): HeadersIterator<string> {
    for (const [name] of this.entries()) yield name;
  }

  *values(): HeadersIterator<string> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): HeadersIterator<[string, string]> {
    return this.entries();
  }

  forEach(callback: (value: string, name: string, headers: Headers) => void): void {
    for (const [name, value] of this.entries()) callback(value, name, this);
  }

  append(): never {
    throw new TypeError("a response's headers cannot be changed");
  }

  set(): never {
    return this.append();
  }

  delete(): never {
    return this.append();
  }
}

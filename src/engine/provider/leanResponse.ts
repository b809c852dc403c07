import { messageOf } from "../../base/errors.ts";
import { LeanHeaders, type RawHeaders } from "./leanHeaders.ts";

/** The answer was larger than anything a prompt is meant to bring back; reading stopped there. */
export class ResponseTooLarge extends Error {
  constructor(maxBytes: number) {
    super(`the response is larger than ${Math.round(maxBytes / 1048576)} MB and was cut off`);
    this.name = "ResponseTooLarge";
  }
}

/** A body that should have been JSON, kept for the record. */
export class NotJson extends SyntaxError {
  readonly body: string;

  constructor(message: string, body: string) {
    super(message);
    this.name = "NotJson";
    this.body = body;
  }
}

/** A body that is still arriving: bytes in order, then an end or an error. */
export class ArrivingBody {
  readonly #maxBytes: number;
  readonly #onTooLarge: (error: Error) => void;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #state: "open" | "ended" | "failed" = "open";
  #error: unknown;
  #waiting: (() => void) | undefined;

  constructor(maxBytes: number, onTooLarge: (error: Error) => void) {
    this.#maxBytes = maxBytes;
    this.#onTooLarge = onTooLarge;
  }

  push(chunk: Uint8Array): void {
    if (this.#state !== "open") return;
    this.#bytes += chunk.byteLength;
    if (this.#bytes > this.#maxBytes) {
      const error = new ResponseTooLarge(this.#maxBytes);
      this.fail(error);
      this.#onTooLarge(error);
      return;
    }
    this.#chunks.push(chunk);
    this.#wake();
  }

  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ended";
    this.#wake();
  }

  fail(error: unknown): void {
    if (this.#state !== "open") return;
    this.#state = "failed";
    this.#error = error;
    this.#wake();
  }

  /** The next bytes, undefined at the end; rejects where the body broke off. One reader at a time. */
  async next(): Promise<Uint8Array | undefined> {
    while (true) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) return chunk;
      if (this.#state === "failed") throw this.#error;
      if (this.#state === "ended") return undefined;
      await this.#woken();
    }
  }

  /** Everything, once it is there. */
  async all(): Promise<Uint8Array> {
    while (this.#state === "open") await this.#woken();
    if (this.#state === "failed") throw this.#error;
    return this.#chunks.length === 1 ? (this.#chunks[0] as Uint8Array) : Buffer.concat(this.#chunks);
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }
}

const utf8 = new TextDecoder();

/**
 * As much of a fetch `Response` as the SDKs use, without the streams and header objects that make the real one dear:
 * a body that is only read as text costs one concatenation. `body` makes a stream when somebody asks for it.
 */
export class LeanResponse implements Response {
  readonly status: number;
  readonly statusText: string;
  /** Not told: nobody reads it but the SDK's log, which takes it apart for every call. */
  readonly url = "";
  readonly redirected = false;
  readonly type = "basic";
  readonly headers: Headers;
  readonly #arriving: ArrivingBody;
  readonly #cancel: () => void;
  #body: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  #used = false;

  constructor(options: {
    readonly status: number;
    readonly statusText: string;
    readonly headers: RawHeaders;
    readonly body: ArrivingBody;
    readonly cancel: () => void;
  }) {
    this.status = options.status;
    this.statusText = options.statusText;
    this.headers = new LeanHeaders(options.headers);
    this.#arriving = options.body;
    this.#cancel = options.cancel;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  get bodyUsed(): boolean {
    return this.#used;
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#body ??= new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        pull: async (controller) => {
          this.#used = true;
          const chunk = await this.#arriving.next();
          if (chunk === undefined) controller.close();
          else controller.enqueue(new Uint8Array(chunk));
        },
        cancel: () => this.#cancel(),
      },
      { highWaterMark: 0 },
    );
    return this.#body;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.#take());
  }

  async text(): Promise<string> {
    return utf8.decode(await this.#take());
  }

  async json(): Promise<unknown> {
    const text = await this.text();
    try {
      const parsed: unknown = JSON.parse(text);
      return parsed;
    } catch (error) {
      throw new NotJson(text.trim() === "" ? "the response is empty" : messageOf(error), text);
    }
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer;
  }

  async blob(): Promise<Blob> {
    return new Blob([await this.bytes()], { type: this.headers.get("content-type") ?? "" });
  }

  async formData(): Promise<FormData> {
    return new Response(await this.bytes(), { headers: [...this.headers] }).formData();
  }

  clone(): never {
    throw new TypeError("a lean response can be read once");
  }

  #take(): Promise<Uint8Array> {
    if (this.#used) throw new TypeError("the body has been read already");
    this.#used = true;
    return this.#arriving.all();
  }
}

import type { ServerResponse } from "node:http";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { openOllama } from "../../../src/engine/provider/ollama.ts";
import { openOpenAI } from "../../../src/engine/provider/openai.ts";
import type { Provider } from "../../../src/engine/provider/provider.ts";
import { anyRequest } from "../../support/contracts/provider.ts";
import { type FixtureServer, startFixture } from "./fixtureServer.ts";

/** Whatever a server may answer, sound in parts or not at all. */
interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly cutAt: number | undefined;
}

const piece = fc.oneof(
  fc.json(),
  fc.string(),
  fc.constantFrom(
    '{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}',
    '{"choices":[{"delta":{"content":"x"},"finish_reason":null}]}',
    '{"choices":[{"delta":{"tool_calls":[{"index":"x"},null,7]}}]}',
    '{"choices":[{"message":{"content":[null,{"text":3}],"tool_calls":"many"}}],"usage":[]}',
    '{"choices":[null]}',
    '{"error":{"message":{"deep":1},"code":17}}',
    '{"error":"words"}',
    '{"error":{"message":"context length exceeded","code":"context_length_exceeded"}}',
    '{"message":{"content":"x"},"done":true,"done_reason":"stop"}',
    '{"message":{"content":7,"tool_calls":[null]},"done":false}',
    '{"message":null,"done":true}',
    "[DONE]",
    "null",
    "",
  ),
);
const answers: fc.Arbitrary<Answer> = fc.record({
  status: fc.constantFrom(200, 200, 200, 204, 301, 400, 401, 404, 408, 413, 418, 429, 500, 503),
  type: fc.constantFrom("application/json", "text/event-stream", "application/x-ndjson", "text/html", ""),
  body: fc
    .array(fc.tuple(fc.constantFrom("", "data: ", "event: error\ndata: ", ": "), piece), { maxLength: 4 })
    .map((lines) => lines.map(([prefix, text]) => `${prefix}${text}`).join("\n\n") + (lines.length > 1 ? "\n\n" : "")),
  headers: fc.dictionary(
    fc.constantFrom(
      "retry-after",
      "retry-after-ms",
      "x-ratelimit-reset-requests",
      "x-ratelimit-limit-tokens",
      "x-should-retry",
    ),
    fc.stringMatching(/^[!-~]{0,12}$/),
  ),
  cutAt: fc.option(fc.nat({ max: 40 }), { nil: undefined }),
});

function give(response: ServerResponse, { status, type, body, headers, cutAt }: Answer): void {
  response.writeHead(status, { ...headers, ...(type === "" ? {} : { "content-type": type }) });
  if (cutAt === undefined || status === 204) {
    response.end(body);
    return;
  }
  response.write(body.slice(0, cutAt) || " ");
  setImmediate(() => response.destroy());
}

describe("whatever a server answers", () => {
  let server: FixtureServer;
  let next: Answer;
  const print = { log: vi.spyOn(console, "log"), warn: vi.spyOn(console, "warn"), error: vi.spyOn(console, "error") };
  beforeAll(async () => {
    server = await startFixture((_request, response) => give(response, next));
  });
  afterAll(() => server.close());

  async function holds(open: (url: string) => Provider): Promise<void> {
    const provider = open(server.url);
    await fc.assert(
      fc.asyncProperty(answers, fc.boolean(), async (answer, streamed) => {
        next = answer;
        const { signal } = new AbortController();
        const reply = await provider.send(
          { ...anyRequest, model: "m" },
          streamed ? { signal, onText: () => false } : { signal },
        );
        expect(["answered", "rateLimited", "unavailable", "tooLong", "filtered", "rejected"]).toContain(
          reply.outcome.kind,
        );
        expect(() => JSON.stringify(reply)).not.toThrow();
        if (reply.outcome.kind === "answered") expect(typeof reply.outcome.text).toBe("string");
      }),
      { numRuns: 400 },
    );
    await provider.close();
    for (const spy of Object.values(print)) expect(spy).not.toHaveBeenCalled();
  }

  it("openai makes an outcome of it and prints nothing", async () => {
    await holds((url) =>
      openOpenAI({ env: { OPENAI_BASE_URL: `${url}/v1` }, clock: systemClock, key: async () => "k" }),
    );
  }, 30_000);

  it("ollama makes an outcome of it and prints nothing", async () => {
    await holds((url) => openOllama({ env: { OLLAMA_HOST: url }, clock: systemClock, key: async () => undefined }));
  }, 30_000);
});

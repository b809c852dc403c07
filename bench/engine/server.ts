/**
 * The server of the engine's bench: answers every chat completion with one label after a fixed latency, and keeps count. It
 * runs in a process of its own, so that what is measured is the client.
 */
import { fork } from "node:child_process";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

export interface BenchServer {
  /** For OPENAI_BASE_URL. */
  readonly baseUrl: string;
  /** Completions answered since the last call. */
  take(): Promise<number>;
  close(): void;
}

const answer = Buffer.from(
  JSON.stringify({
    id: "c1",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "card_arrival" } }],
    usage: { prompt_tokens: 400, completion_tokens: 3, total_tokens: 403 },
  }),
);

export async function startServer(latencyMs: number): Promise<BenchServer> {
  const child = fork(fileURLToPath(import.meta.url), [String(latencyMs)], {
    env: { ...process.env, BENCH_SERVER: "1" },
  });
  const told = () => new Promise<number>((resolve) => child.once("message", (value) => resolve(Number(value))));
  const port = await told();
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    take() {
      const count = told();
      child.send("take");
      return count;
    },
    close: () => child.kill(),
  };
}

if (process.env["BENCH_SERVER"] === "1") serve(Number(process.argv[2] ?? 0));

function serve(latencyMs: number): void {
  let count = 0;
  const server = createServer((incoming, outgoing) => {
    incoming.resume();
    const reply = () => {
      count += 1;
      outgoing.writeHead(200, { "content-type": "application/json", "content-length": answer.length });
      outgoing.end(answer);
    };
    if (latencyMs > 0) setTimeout(reply, latencyMs);
    else incoming.on("end", reply);
  });
  server.keepAliveTimeout = 60_000;
  process.on("message", () => {
    process.send?.(count);
    count = 0;
  });
  process.on("disconnect", () => process.exit());
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    if (typeof address === "object" && address !== null) process.send?.(address.port);
  });
}

/**
 * The server of the engine's bench: answers every POST with one label after a fixed latency, and keeps count. It runs in a
 * process of its own and reads no more of HTTP than it must (about 15 µs a request), so that what is measured is the client.
 */
import { fork } from "node:child_process";
import { createServer, type Socket } from "node:net";
import { fileURLToPath } from "node:url";

export interface BenchServer {
  /** For OPENAI_BASE_URL. */
  readonly baseUrl: string;
  /** What was answered since the last call. */
  take(): Promise<Taken>;
  close(): void;
}

export interface Taken {
  readonly count: number;
  /** By how much answers were later than they should have been, on average: timers keep whole milliseconds. */
  readonly lateMs: number;
}

const answer = JSON.stringify({
  id: "c1",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "card_arrival" } }],
  usage: { prompt_tokens: 400, completion_tokens: 3, total_tokens: 403 },
});
const reply = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${answer.length}\r\nconnection: keep-alive\r\n\r\n${answer}`,
);

export async function startServer(latencyMs: number): Promise<BenchServer> {
  const child = fork(fileURLToPath(import.meta.url), [String(latencyMs)], {
    env: { ...process.env, BENCH_SERVER: "1" },
  });
  const told = <T>() => new Promise<T>((resolve) => child.once("message", (value) => resolve(value as T)));
  const port = await told<number>();
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    take() {
      const taken = told<Taken>();
      child.send("take");
      return taken;
    },
    close: () => child.kill(),
  };
}

if (process.env["BENCH_SERVER"] === "1") serve(Number(process.argv[2] ?? 0));

function serve(latencyMs: number): void {
  let count = 0;
  let late = 0;
  const due = dueAnswers(latencyMs, (ms) => {
    late += ms;
  });
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    let rest: Buffer | undefined;
    socket.on("data", (chunk) => {
      let data = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
      for (let length = lengthOf(data); length !== undefined && data.length >= length; length = lengthOf(data)) {
        data = data.subarray(length);
        count += 1;
        if (latencyMs === 0) socket.write(reply);
        else due(socket);
      }
      rest = data.length === 0 ? undefined : data;
    });
  });
  process.on("message", () => {
    const taken: Taken = { count, lateMs: count === 0 ? 0 : late / count };
    process.send?.(taken);
    count = 0;
    late = 0;
  });
  process.on("disconnect", () => process.exit());
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    if (typeof address === "object" && address !== null) process.send?.(address.port);
  });
}

/** Bytes of the request that `data` begins with; undefined while its head is not whole. Clients of the bench send lengths. */
function lengthOf(data: Buffer): number | undefined {
  const end = data.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const length = /\r\ncontent-length: *(\d+)/i.exec(data.toString("latin1", 0, end));
  return end + 4 + Number(length?.[1] ?? 0);
}

/** Answers in the order of arrival, each after the same time, with one timer for all. */
function dueAnswers(latencyMs: number, onLate: (ms: number) => void): (socket: Socket) => void {
  const waiting: { readonly socket: Socket; readonly at: number }[] = [];
  const send = () => {
    const now = performance.now();
    let sent = 0;
    for (const { socket, at } of waiting) {
      if (at > now) break;
      if (!socket.destroyed) socket.write(reply);
      onLate(now - at);
      sent++;
    }
    waiting.splice(0, sent);
    const [next] = waiting;
    if (next !== undefined) setTimeout(send, next.at - now);
  };
  return (socket) => {
    waiting.push({ socket, at: performance.now() + latencyMs });
    if (waiting.length === 1) setTimeout(send, latencyMs);
  };
}

// A durable queue of its own on the bench's work, results stored beside the jobs: `node loop.mjs NAME REQUESTS CONCURRENCY`.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import Database from "better-sqlite3";
import { better, defineQueue, defineWorker } from "plainjob";
import { Agent, request } from "undici";

const [count, inFlight] = [Number(process.argv[3]), Number(process.argv[4])];
const shared = "my card has not arrived yet please tell me what to do about it ".repeat(20);
const folder = mkdtempSync(path.join(tmpdir(), "layoutlab-bench-"));
const database = new Database(path.join(folder, "jobs.db"));
database.pragma("journal_mode = WAL");
database.pragma("synchronous = NORMAL");
database.exec("CREATE TABLE answer (job INTEGER, text TEXT)");
const insert = database.prepare("INSERT INTO answer VALUES (?, ?)");
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const queue = defineQueue({ connection: better(database), logger: quiet });
const dispatcher = new Agent({ connections: inFlight });
const started = performance.now();
queue.addMany(
  "ask",
  Array.from({ length: count }, (_, i) => ({
    model: "m",
    messages: [
      { role: "system", content: shared },
      { role: "user", content: `message number ${i}, ${shared.slice(0, 200)}` },
    ],
  })),
);
let answers = 0;
await new Promise((resolve, reject) => {
  const work = async (job) => {
    const { body } = await request(`${process.env.OPENAI_BASE_URL}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer none" },
      body: job.data,
      dispatcher,
    });
    insert.run(job.id, (await body.json()).choices[0].message.content);
    answers += 1;
    if (answers === count) setImmediate(resolve);
  };
  for (let i = 0; i < inFlight; i++)
    defineWorker("ask", work, { queue, logger: quiet, pollIntervall: 10, onFailed: (_job, error) => reject(error) })
      .start()
      .catch(reject);
});
const spanMs = performance.now() - started;
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
process.stdout.write(JSON.stringify({ answers, spanMs }), () => process.exit(0));

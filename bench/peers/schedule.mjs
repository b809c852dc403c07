// A rate limiter on the bench's limited work: `node schedule.mjs NAME JSON`, where JSON tells the models' counts and the limit.
// What is refused is sent again when the server says.
import OpenAI, { RateLimitError } from "openai";

const name = process.argv[2];
const { counts, requests, windowMs, perModel } = JSON.parse(process.argv[3]);
const client = new OpenAI({ apiKey: "none", maxRetries: 0 });

async function pQueue() {
  const { default: PQueue } = await import("p-queue");
  const queue = new PQueue({ intervalCap: requests, interval: windowMs, strict: true });
  return (call) => queue.add(call);
}

async function bottleneck() {
  const { default: Bottleneck } = await import("bottleneck");
  const limiter = new Bottleneck({
    reservoir: requests,
    reservoirRefreshAmount: requests,
    reservoirRefreshInterval: windowMs,
    heartbeatInterval: 250,
  });
  return (call) => limiter.schedule(call);
}

const open = { "p-queue strict": pQueue, bottleneck }[name];
const shared = await open();
const work = [];
for (const [i, count] of counts.entries()) {
  const through = perModel ? await open() : shared;
  for (let n = 0; n < count; n++) work.push({ model: `m${i}`, n, through });
}
async function ask({ model, n, through }) {
  for (;;) {
    try {
      await through(() =>
        client.chat.completions.create({ model, messages: [{ role: "user", content: `message number ${n}` }] }),
      );
      return;
    } catch (error) {
      if (!(error instanceof RateLimitError)) throw error;
      const wait = Number(error.headers.get("retry-after-ms") ?? 1000 * Number(error.headers.get("retry-after") ?? 1));
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}
await Promise.all(work.map(ask));
process.exit(0);

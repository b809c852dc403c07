// One peer on the bench's work, nothing stored: `node loop.mjs NAME REQUESTS CONCURRENCY`. Prints what it took from the first request on.
const [name, count, inFlight] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const baseUrl = process.env.OPENAI_BASE_URL;
const shared = "my card has not arrived yet please tell me what to do about it ".repeat(20);
const body = (i) => ({
  model: "m",
  messages: [
    { role: "system", content: shared },
    { role: "user", content: `message number ${i}, ${shared.slice(0, 200)}` },
  ],
});
const post = (i) => ({
  method: "POST",
  headers: { "content-type": "application/json", authorization: "Bearer none" },
  body: JSON.stringify(body(i)),
});

async function sdk() {
  const { default: OpenAI } = await import("openai");
  const client = new OpenAI({ apiKey: "none", maxRetries: 0 });
  return async (i) => (await client.chat.completions.create(body(i))).choices.length;
}

async function globalFetch() {
  return async (i) => (await (await fetch(`${baseUrl}/chat/completions`, post(i))).json()).choices.length;
}

async function dispatch() {
  const { Agent, request } = await import("undici");
  const dispatcher = new Agent({ connections: inFlight });
  return async (i) => {
    const { body: answer } = await request(`${baseUrl}/chat/completions`, { ...post(i), dispatcher });
    return (await answer.json()).choices.length;
  };
}

async function limited() {
  const { default: pLimit } = await import("p-limit");
  return pLimit(inFlight);
}

async function queued() {
  const { default: PQueue } = await import("p-queue");
  const queue = new PQueue({ concurrency: inFlight });
  return (call) => queue.add(call);
}

async function bottlenecked() {
  const { default: Bottleneck } = await import("bottleneck");
  const limiter = new Bottleneck({ maxConcurrent: inFlight });
  return (call) => limiter.schedule(call);
}

const peers = {
  "sdk p-limit": [sdk, limited],
  "sdk p-queue": [sdk, queued],
  "fetch p-limit": [globalFetch, limited],
  "undici p-limit": [dispatch, limited],
  "fetch bottleneck": [globalFetch, bottlenecked],
};

const [open, gate] = peers[name];
const call = await open();
const through = await gate();
let answers = 0;
const started = performance.now();
await Promise.all(
  Array.from({ length: count }, (_, i) =>
    through(async () => {
      const choices = await call(i);
      answers += choices;
    }),
  ),
);
process.stdout.write(JSON.stringify({ answers, spanMs: performance.now() - started }));
process.exit(0);

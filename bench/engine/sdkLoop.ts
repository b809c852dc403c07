/** The baseline: the openai SDK as it comes, 64 calls at a time by p-limit, nothing stored. `node sdkLoop.ts REQUESTS CONCURRENCY` */
import OpenAI from "openai";
import pLimit from "p-limit";

const requests = Number(process.argv[2]);
const limit = pLimit(Number(process.argv[3]));
const client = new OpenAI({ apiKey: "none", maxRetries: 0 });
const shared = "my card has not arrived yet please tell me what to do about it ".repeat(20);
let answers = 0;
const started = performance.now();
await Promise.all(
  Array.from({ length: requests }, (_, i) =>
    limit(async () => {
      const reply = await client.chat.completions.create({
        model: "m",
        messages: [
          { role: "system", content: shared },
          { role: "user", content: `message number ${i}, ${shared.slice(0, 200)}` },
        ],
      });
      answers += reply.choices.length;
    }),
  ),
);
process.stdout.write(JSON.stringify({ answers, spanMs: performance.now() - started }));

/**
 * Local models and context: `node bench/context.ts [requests]`. Trims of a long conversation; a night on a simulated card of 16 GB,
 * with the context manager and without; rolling conversations beside stateless requests. Exits with 1 when a figure is missed.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { systemClock } from "../src/base/clock.ts";
import { exchangeOf, trimConversation } from "../src/engine/context/conversation.ts";
import { type Card, nightWith, nightWithout } from "./context/card.ts";
import { compareConversations } from "./context/conversations.ts";

const requests = Number(process.argv[2] ?? 5_000);
/** So much that the card is full some times over in the whole. */
const leakBytesPerRequest = (20 * 1024 ** 3) / requests;
let missed = 0;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function kept(holds: boolean): string {
  if (!holds) missed += 1;
  return holds ? "yes" : "NO";
}

function trims(): void {
  say("\nA conversation of 8,000 messages of 60 words, trimmed to half (median and longest of 15, ms; at most 50)");
  const words = (i: number) => Array.from({ length: 60 }, (_, n) => `word${(i * 31 + n * 17) % 5_000}`).join(" ");
  const made = systemClock.monotonic();
  const exchanges = Array.from({ length: 4_000 }, (_, i) => exchangeOf([words(i), words(i + 1)], 180));
  const making = systemClock.monotonic() - made;
  for (const strategy of ["sliding-window", "importance", "hybrid", "aggressive"] as const) {
    const times: number[] = [];
    for (let i = 0; i < 15; i++) {
      const from = systemClock.monotonic();
      trimConversation(exchanges, 360_000, strategy, words(i));
      times.push(systemClock.monotonic() - from);
    }
    times.sort((a, b) => a - b);
    const [median, longest] = [times[7] ?? 0, times.at(-1) ?? 0];
    say(
      `  ${strategy.padEnd(16)} ${median.toFixed(1).padStart(6)} ${longest.toFixed(1).padStart(6)}   ${kept(median < 50)}`,
    );
  }
  say(`  (finding the words of a message, once when it is added: ${((1_000 * making) / 8_000).toFixed(0)} us each)`);
}

async function night(folder: string, what: string, card: Card): Promise<void> {
  say(`\n${requests} requests of 50 to 5,000 tokens on a simulated card of 16 GB: ${what}`);
  const without = await nightWithout(card, requests);
  say(
    `  without the manager: ${without.failed} of ${requests} requests failed for memory (the first at ${without.first ?? "none"})   failures seen: ${kept(without.failed > 0)}`,
  );
  const given = await nightWith(folder, card, requests);
  say(
    `  with it: ${given.lost} lost, ${given.right} answered rightly, ${given.trimmed} trimmed, ${given.shrinks} times shrunk, ${given.reloads} times loaded anew, ${given.sent} calls, ${(given.ms / 1000).toFixed(0)} s   none lost: ${kept(given.lost === 0)}`,
  );
}

const folder = await mkdtemp(path.join(tmpdir(), "layoutlab-bench-"));
try {
  trims();
  await night(folder, "its context takes 1.5 MB a token, more than its layers say", { bytesPerToken: 1.5 * 1024 ** 2 });
  await night(folder, `${(leakBytesPerRequest / 1024 ** 2).toFixed(0)} MB are lost with every request`, {
    leakBytesPerRequest,
  });
  await night(folder, "both", { bytesPerToken: 1.5 * 1024 ** 2, leakBytesPerRequest });
  await compareConversations(folder, say);
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = missed === 0 ? 0 : 1;

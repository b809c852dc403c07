import { rm } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../base/errors.ts";
import { readTrouble, writeTrouble } from "../../base/node/wholeFile.ts";
import { answerFile, openAnswers } from "../batch/answerFile.ts";
import type { Asked } from "../batch/asker.ts";
import { checkFile } from "../batch/checkFile.ts";
import { chatEndpoint, type OwnNote } from "../batch/lines.ts";
import { samplesOf } from "../gpu/gpu.ts";
import { costOf, priceOf } from "../plan/prices.ts";
import type { ProviderFacts } from "../provider/provider.ts";
import type { BatchJobs } from "./batchJobs.ts";
import type { Services } from "./deps.ts";
import type { Running } from "./running.ts";
import { type AskingOptions, askerFor } from "./serving.ts";
import type { Sources } from "./source.ts";

/** What answering files is done with. */
export interface BatchLab {
  readonly services: Services;
  readonly sources: Sources;
  readonly running: Running;
  readonly jobs: BatchJobs;
}

export interface BatchRunRequest extends AskingOptions {
  readonly job: string;
  readonly from: string;
  readonly to: string;
  /** Default: beside `to`, with `.errors` before its ending. */
  readonly failures?: string;
  /** Ask again for what failed before. */
  readonly retryErrors?: boolean;
}

/** `layoutlab/batch-run@1`. */
export interface BatchRunReport {
  readonly schema: "layoutlab/batch-run@1";
  readonly status: "finished" | "stopped" | "interrupted";
  /** Why it stopped; undefined when it is finished. */
  readonly reason: string | undefined;
  /** Whether the user's input is why: a key, a name or a quota. */
  readonly rejected: boolean;
  readonly requests: number;
  readonly completed: number;
  readonly failed: number;
  /** Of those, how many stood in the files before. */
  readonly known: number;
  /** Undefined when nothing was answered: then there is no such file. */
  readonly results: string | undefined;
  /** Undefined when nothing failed. */
  readonly failures: string | undefined;
  /** Of what was asked this time. */
  readonly tokens: { readonly prompt: number; readonly completion: number; readonly cached: number };
  /** US dollars of what was asked this time; null when a price is unknown. */
  readonly cost: number | null;
  readonly durationMs: number;
}

/** Requests held in memory, those that wait for a slot among them. */
const window = 512;

/** Answers a file of requests, going on behind what the result files hold. */
export async function runBatch(lab: BatchLab, p: BatchRunRequest): Promise<BatchRunReport> {
  const { services, jobs } = lab;
  const { deps } = services;
  const failures = p.failures ?? failuresBeside(p.to);
  const begun = deps.clock.monotonic();
  const providers = lab.running.providers(p.from, p.concurrency);
  try {
    const asker = await askerFor(services, providers, p);
    const until = jobs.begin(p.job, () => asker.withdraw(p.job));
    try {
      if (p.retryErrors === true) await rm(failures, { force: true });
      const opened = await openAnswers(p.to, failures).catch((error: unknown) => {
        throw writeTrouble(error, p.to);
      });
      try {
        const checked = await checkRun(p, opened.answered, (name) => asker.resolve(name));
        const tally = { completed: opened.completed, failed: opened.failed, prompt: 0, completion: 0, cached: 0 };
        let cost: number | null = 0;
        const worked = new Set<string>();
        let isLocal = false;
        const prices = await lab.sources.priceTable(p.from);
        const free = new Set<string>();
        const priceFor = new Map<string, ReturnType<typeof priceOf>>();
        for (const name of checked.models.keys()) {
          const id = asker.resolve(name);
          if (id === undefined) continue;
          const { provider, model } = await providers.openModel(id);
          const facts: ProviderFacts = provider.facts(model);
          isLocal ||= facts.local;
          if (facts.free) free.add(id);
          priceFor.set(id, priceOf(id, facts, prices));
        }
        const cards = watchMemory(services, isLocal);
        const { tell, end } = jobs.progress(
          p.job,
          () => ({ done: tally.completed + tally.failed, failed: tally.failed }),
          { total: checked.requests, known: opened.completed + opened.failed, waits: () => waitsOf(asker.queue) },
        );
        const count = (asked: Asked) => {
          if (asked.outcome.kind !== "answered") {
            tally.failed += 1;
            return;
          }
          tally.completed += 1;
          if (asked.model !== undefined) worked.add(asked.model);
          const { promptTokens = 0, completionTokens = 0, cachedTokens = 0 } = asked.outcome.usage;
          tally.prompt += promptTokens;
          tally.completion += completionTokens;
          tally.cached += cachedTokens;
          const price = asked.model === undefined ? undefined : priceFor.get(asked.model);
          const paid =
            price && costOf(price, { prompt: promptTokens, cached: cachedTokens, completion: completionTokens });
          cost = cost === null || paid === undefined ? null : cost + paid;
        };
        const ended = await answerFile(
          {
            input: p.from,
            results: opened.results,
            failures: opened.failures,
            endpoint: chatEndpoint,
            done: new Set(opened.answered.keys()),
            seed: "",
            window,
            note: (asked) => noteOf(asked, deps.clock.now(), cards.usedMb(), free.has(asked.model ?? "")),
            ask: (body, signal) =>
              asker.ask({ ...body, stream: false, stream_options: undefined }, { signal, owner: p.job }),
            onFailure: (asked) => (isHopeless(asked, worked) ? "stop" : "record"),
            onDone: (asked) => {
              count(asked);
              tell();
            },
          },
          until,
        )
          .catch((error: unknown) => {
            throw writeTrouble(error, p.to);
          })
          .finally(() => {
            end();
            cards.dispose();
          });
        const { completed, failed, ...tokens } = tally;
        const stopped = ended.kind === "stopped" ? ended.by : undefined;
        return {
          schema: "layoutlab/batch-run@1",
          status: ended.kind === "done" ? "finished" : ended.kind === "aborted" ? "interrupted" : "stopped",
          reason:
            stopped && `${stopped.model}: ${"message" in stopped.outcome ? stopped.outcome.message : "it was refused"}`,
          rejected: stopped?.outcome.kind === "rejected",
          requests: checked.requests,
          completed,
          failed,
          known: opened.completed + opened.failed,
          results: completed > 0 ? p.to : undefined,
          failures: failed > 0 ? failures : undefined,
          tokens,
          cost,
          durationMs: Math.round(deps.clock.monotonic() - begun),
        };
      } finally {
        await Promise.all([opened.results.close(), opened.failures.close()]);
        for (const [log, file] of [
          [opened.results, p.to],
          [opened.failures, failures],
        ] as const)
          if (log.bytes === 0) await rm(file, { force: true });
      }
    } finally {
      jobs.end(p.job);
      await asker.close();
    }
  } finally {
    await providers.close();
  }
}

async function checkRun(
  p: BatchRunRequest,
  answered: ReadonlyMap<string, string>,
  resolve: (name: string) => string | undefined,
) {
  const checked = await checkFile(p.from, { endpoint: chatEndpoint, answered }).catch((error: unknown) => {
    throw readTrouble(error, p.from);
  });
  const [first] = checked.problems;
  if (first !== undefined) {
    const more = checked.problemCount > 1 ? ` (and ${checked.problemCount - 1} more)` : "";
    const where = first.line === null ? p.from : `${p.from}:${first.line}:1`;
    throw new UserError(
      "bad-batch-file",
      `${first.message.replace(/\.$/, "")}${more}`,
      "correct the file; nothing was sent",
      where,
    );
  }
  for (const [name, line] of checked.models) {
    if (resolve(name) !== undefined) continue;
    throw new UserError(
      "unknown-model",
      `the model "${name}" names no provider`,
      `add --model provider:model, such as --model openai:${name}`,
      `${p.from}:${line}:1`,
    );
  }
  if (checked.changed.length > 0) {
    throw new UserError(
      "other-answers",
      `${p.to} answers other requests (${checked.changed[0]} and ${checked.changed.length - 1} more have changed)`,
      "name another file with -o, or delete that one",
    );
  }
  return checked;
}

/** The memory in use on the fullest card, looked at while local models work. */
function watchMemory(services: Services, isLocal: boolean): { usedMb(): number | undefined; dispose(): void } {
  if (!isLocal) return { usedMb: () => undefined, dispose: () => {} };
  const { gpus } = services;
  let used: number | undefined;
  const listening = gpus.onReport((report) => {
    const samples = samplesOf(report).map(({ usedBytes }) => usedBytes);
    used = samples.length === 0 ? undefined : Math.round(Math.max(...samples) / 2 ** 20);
  });
  const held = gpus.hold();
  return {
    usedMb: () => used,
    dispose: () => {
      held.dispose();
      listening.dispose();
    },
  };
}

function noteOf({ outcome, model, attempts }: Asked, at: number, vramMb: number | undefined, free: boolean): OwnNote {
  const latency = outcome.kind === "answered" ? Math.round(outcome.timing.latencyMs * 10) / 10 : null;
  return {
    model: model ?? "",
    latency_ms: latency,
    attempts,
    at,
    ...(vramMb === undefined ? {} : { vram_mb: vramMb }),
    ...(free ? { free } : {}),
  };
}

/** Asking on would fail the same way every time; a model that answered before is only refused this one request. */
function isHopeless(asked: Asked, worked: ReadonlySet<string>): boolean {
  if (asked.gaveUp) return true;
  const { outcome, model } = asked;
  if (outcome.kind !== "rejected" || outcome.reason === "badRequest" || model === undefined) return false;
  return outcome.reason === "quota" || !worked.has(model);
}

function waitsOf(queue: {
  waiting(): readonly { readonly model: string; readonly reason: { readonly kind: string } }[];
}) {
  const [first] = queue.waiting();
  return first === undefined || first.reason.kind === "concurrency"
    ? undefined
    : `${first.model}: ${first.reason.kind}`;
}

/** `results.jsonl` has `results.errors.jsonl` beside it. */
function failuresBeside(results: string): string {
  const { dir, name, ext } = path.parse(results);
  return path.join(dir, `${name}.errors${ext}`);
}

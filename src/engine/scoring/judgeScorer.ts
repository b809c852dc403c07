import { seededRandom, shuffled } from "../../base/random.ts";
import type { ScoreInput, SlowOptions, SlowScore, SlowScorer } from "../metrics/scorers/scorer.ts";
import { messageText, type PromptMessage } from "../prompt/prompt.ts";
import { type JudgeItem, type Judgement, judgeMessages, readJudgements, type Scale } from "./judgePrompt.ts";

export interface JudgeOptions {
  readonly rubric: string;
  readonly scale: Scale;
  /** Items a call carries. */
  readonly perCall: number;
  /** Whether the judge sees the right answer. */
  readonly reference: boolean;
  readonly seed: number;
  /** Columns that the judge sees as what was asked about. */
  readonly columns: readonly string[];
}

/** What asking the judge's model came to. */
export type JudgeReply =
  | { readonly kind: "answered"; readonly text: string }
  /** This request cannot be answered: too long, filtered, timed out. */
  | { readonly kind: "failed"; readonly message: string }
  /** No request can be answered now: the budget, the model, or the run is at its end. */
  | { readonly kind: "unavailable" };

/** The judge's model, as a run asks it. */
export interface JudgeCalls {
  ask(messages: readonly PromptMessage[], items: number, signal: AbortSignal): Promise<JudgeReply>;
  /** A judgement of an equal item, from this run or an earlier one. */
  known(messages: readonly PromptMessage[]): Promise<string | undefined>;
  /** Keeps the judgement of one item, as if it had been asked alone. */
  keep(messages: readonly PromptMessage[], text: string): Promise<void>;
}

/** An item and all who want its score: layouts that say the same of one row are judged once. */
interface Waiting {
  readonly item: JudgeItem;
  /** The request that would ask for this item alone; its cache key names the item. */
  readonly alone: readonly PromptMessage[];
  readonly callers: Set<Caller>;
  /** Ends the call it is part of, when nobody wants any of its items any more. */
  left(): void;
}

interface Caller {
  readonly group: string;
  readonly resolve: (score: SlowScore) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A language model that scores answers by a rubric, several a call. Their order in a call is drawn, so that no layout gains by its
 * place; the place is kept with the score, which lets the effect be measured. A call leaves when enough items wait, or when those that
 * wait hold up their race. What a reply leaves out or gets wrong is asked for alone, once; a failed item harms no other.
 */
export function judgeScorer(name: string, options: JudgeOptions, calls: JudgeCalls): SlowScorer {
  const { rubric, scale, perCall } = options;
  const waiting: Waiting[] = [];
  /** Items that wait or are being asked about, by what they say. */
  const open = new Map<string, Waiting>();
  /** Items whose cache entry is being looked for, by group. */
  const looking = new Map<string, number>();
  let coming: SlowOptions["coming"] = () => false;

  const isCalm = (group: string) => !coming(group) && (looking.get(group) ?? 0) === 0;

  const flush = () => {
    while (waiting.length >= perCall) send(waiting.splice(0, perCall), 0);
    // All of them go when a race waits for one: they would have to sooner or later.
    if (waiting.some(({ callers }) => [...callers].some(({ group }) => isCalm(group)))) send(waiting.splice(0), 0);
  };

  const send = (items: readonly Waiting[], tries: number): void => {
    const wanted = items.filter((each) => each.callers.size > 0 || forget(each));
    if (wanted.length === 0) return;
    // A store that refuses is the trouble of all who wait for a score.
    ask(wanted, tries).catch((error: unknown) => {
      for (const each of wanted) {
        forget(each);
        for (const { reject } of each.callers) reject(error);
      }
    });
  };

  const forget = (each: Waiting): false => {
    const key = keyOf(each.alone);
    if (open.get(key) === each) open.delete(key);
    return false;
  };

  const end = (each: Waiting, score: SlowScore): void => {
    forget(each);
    for (const { resolve } of each.callers) resolve(score);
  };

  const ask = async (items: readonly Waiting[], tries: number): Promise<void> => {
    const first = items[0];
    const random = seededRandom("judge", options.seed, items.map(({ item }) => item.answer).join("\n"));
    const order = shuffled(items, random);
    const messages =
      items.length === 1 && first !== undefined
        ? first.alone
        : judgeMessages(
            order.map(({ item }) => item),
            rubric,
            scale,
          );
    const abort = new AbortController();
    const left = () => {
      if (items.every(({ callers }) => callers.size === 0)) abort.abort();
    };
    for (const each of items) {
      each.left = left;
    }
    const reply = await calls.ask(messages, order.length, abort.signal);
    if (reply.kind === "unavailable") {
      for (const each of order) end(each, { kind: "withdrawn" });
      return;
    }
    const found =
      reply.kind === "answered" ? readJudgements(reply.text, order.length, scale) : new Map<number, Judgement>();
    const why = reply.kind === "failed" ? reply.message : "the judge gave no score on the scale";
    for (const [at, each] of order.entries()) {
      const judgement = found.get(at);
      if (judgement !== undefined) {
        await calls.keep(each.alone, written(judgement, scale));
        end(each, scored(judgement, [at, order.length]));
      } else if (tries < 1) send([each], tries + 1);
      else end(each, { kind: "unscored", note: { kind: "unscored", detail: why } });
    }
  };

  return {
    name,
    phase: "judge",
    calm: flush,
    async judge(input, how) {
      coming = how.coming;
      const { group, signal } = how;
      const item = itemOf(input, options);
      const alone = judgeMessages([item], rubric, scale);
      looking.set(group, (looking.get(group) ?? 0) + 1);
      const known = await calls.known(alone).finally(() => looking.set(group, (looking.get(group) ?? 0) - 1));
      const judgement = known === undefined ? undefined : readJudgements(known, 1, scale).get(0);
      if (judgement !== undefined) {
        // Who waited for this one to join need not any more.
        setImmediate(flush);
        return scored(judgement, undefined);
      }
      if (signal.aborted) return { kind: "withdrawn" };
      return new Promise<SlowScore>((resolve, reject) => {
        const caller: Caller = { group, resolve, reject };
        let each = open.get(keyOf(alone));
        if (each === undefined) {
          each = { item, alone, callers: new Set(), left() {} };
          open.set(keyOf(alone), each);
          waiting.push(each);
        }
        const held = each;
        const { callers } = held;
        callers.add(caller);
        signal.addEventListener(
          "abort",
          () => {
            callers.delete(caller);
            held.left();
            resolve({ kind: "withdrawn" });
          },
          { once: true },
        );
        // Others of the same turn may still join.
        setImmediate(flush);
      });
    },
  };
}

/** What is shown of an item tells it from all others. */
function keyOf(alone: readonly PromptMessage[]): string {
  return alone.map(messageText).join("\n");
}

function itemOf({ parsed, text, example }: ScoreInput, { columns, reference }: JudgeOptions): JudgeItem {
  return {
    input: Object.fromEntries(
      columns.flatMap((column) => (example.fields[column] == null ? [] : [[column, example.fields[column]]])),
    ),
    answer: typeof parsed.value === "string" && parsed.value !== "" ? parsed.value : text,
    reference: reference ? example.expected : undefined,
  };
}

function scored({ value, reason }: Judgement, place: readonly [number, number] | undefined): SlowScore {
  return {
    kind: "scored",
    value,
    note: {
      kind: "judged",
      ...(reason === undefined ? {} : { detail: reason }),
      ...(place === undefined ? {} : { place }),
    },
  };
}

/** A judgement as the judge would have written it for this item alone. */
function written({ value, reason }: Judgement, [low, high]: Scale): string {
  return JSON.stringify([{ id: 1, reason, score: low + value * (high - low) }]);
}

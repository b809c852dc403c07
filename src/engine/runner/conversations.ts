import { type Exchange, exchangeOf, trimConversation } from "../context/conversation.ts";
import { framing, type TokenCounter } from "../context/tokenizer.ts";
import { messageText, type Piece, type PromptMessage } from "../prompt/prompt.ts";
import type { ContextSpec } from "../spec/experiment.ts";
import type { TrialResult } from "./pipeline.ts";
import type { TrialPlan } from "./trialPlan.ts";

/** Share of the room that a trimmed conversation takes: trimmed to the brim it would be trimmed again, and read anew, each time. */
const afterTrim = 0.5;

export interface ConversationOptions {
  readonly trim: ContextSpec["trim"];
  /** Requests after which a conversation is trimmed though it fits. */
  readonly every: number;
  /** Tokens the whole prompt of a model may take now. */
  roomOf(model: string): number;
  counterOf(model: string): TokenCounter;
  /** True while the model's card is above the warning line. */
  isFull(model: string): boolean;
}

interface Past {
  readonly exchange: Exchange;
  readonly messages: readonly PromptMessage[];
}

interface Talk {
  past: Past[];
  sinceTrim: number;
  /** Settles when the turn before is over. */
  before: Promise<unknown>;
}

/**
 * One conversation for each variant (and repeat): every request says again what was asked and answered before, so that the server
 * reads only what is new. One request at a time, in the order in which they are asked; answers depend on that order.
 */
export class Conversations {
  readonly #o: ConversationOptions;
  readonly #talks = new Map<string, Talk>();
  readonly #waiting = new Set<{ readonly plan: TrialPlan; withdrawn: boolean }>();

  constructor(options: ConversationOptions) {
    this.#o = options;
  }

  /** Asks in the conversation once it is this plan's turn, and remembers the answer. */
  turn(plan: TrialPlan, ask: (rolled: TrialPlan) => Promise<TrialResult>): Promise<TrialResult> {
    const talk = this.#talk(plan);
    const waiting = { plan, withdrawn: false };
    this.#waiting.add(waiting);
    const result = talk.before.then(async (): Promise<TrialResult> => {
      this.#waiting.delete(waiting);
      if (waiting.withdrawn) return { kind: "withdrawn" };
      const done = await ask(this.#rolled(plan, talk));
      if (done.kind === "done" && done.completion.status === "completed")
        this.#remember(talk, plan, done.completion.rawResponse ?? "");
      return done;
    });
    // A turn that fails ends the run, not the order of the others.
    talk.before = result.catch(() => {});
    return result;
  }

  /** Takes back what still waits for its turn. */
  withdraw(matches: (plan: TrialPlan) => boolean): void {
    for (const each of this.#waiting) if (matches(each.plan)) each.withdrawn = true;
  }

  /** What was asked and answered before an interruption, in its order. */
  remember(plan: TrialPlan, answer: string): void {
    this.#remember(this.#talk(plan), plan, answer);
  }

  #talk({ variant, repeat }: TrialPlan): Talk {
    const key = `${variant.index}:${repeat}`;
    let talk = this.#talks.get(key);
    if (talk === undefined) {
      talk = { past: [], sinceTrim: 0, before: Promise.resolve() };
      this.#talks.set(key, talk);
    }
    return talk;
  }

  #remember(talk: Talk, plan: TrialPlan, answer: string): void {
    const { own } = parted(plan.prompt.messages);
    const said: PromptMessage = { role: "assistant", pieces: [{ text: answer, part: "output", fixed: true }] };
    // Said once and never changed: the same pieces stand in every later request, and are kept once.
    const messages = [...own.map(({ role, pieces }) => ({ role, pieces: pieces.map(settled) })), said];
    const counter = this.#o.counterOf(plan.variant.model);
    let tokens = 0;
    for (const message of messages) {
      tokens += framing.perMessage;
      for (const piece of message.pieces) tokens += counter.piece(piece);
    }
    talk.past.push({ exchange: exchangeOf(messages.map(messageText), tokens), messages });
    talk.sinceTrim += 1;
  }

  #rolled(plan: TrialPlan, talk: Talk, share = 1): TrialPlan {
    const { every, isFull, roomOf, trim } = this.#o;
    const { head, own } = parted(plan.prompt.messages);
    const room = Math.floor(roomOf(plan.variant.model) * share);
    const held = talk.past.reduce((sum, { exchange }) => sum + exchange.tokens, 0);
    const due = talk.sinceTrim >= every || isFull(plan.variant.model);
    if (due || plan.promptTokens + held > room) {
      const left = Math.max(0, Math.min(room * afterTrim, room - plan.promptTokens));
      const question = own.map(messageText).join("\n");
      const { kept } = trimConversation(
        talk.past.map(({ exchange }) => exchange),
        left,
        trim,
        question,
      );
      talk.past = kept.map((i) => talk.past[i] as Past);
      talk.sinceTrim = 0;
    }
    const tokens = talk.past.reduce((sum, { exchange }) => sum + exchange.tokens, plan.promptTokens);
    const messages = [...head, ...talk.past.flatMap((past) => past.messages), ...own];
    return {
      ...plan,
      prompt: { messages },
      key: plan.shared.keyOf(messages, plan.repeat),
      promptTokens: tokens,
      context: JSON.stringify({
        ...(plan.context === undefined ? {} : (JSON.parse(plan.context) as object)),
        conversation: { turns: talk.past.length, tokens: tokens - plan.promptTokens },
      }),
      // A conversation that is longer than was reckoned gives way by half, and at last altogether.
      again: () => this.#rolled(plan.again?.() ?? plan, talk, share > 0.2 ? share / 2 : 0),
    };
  }
}

/** What stands before all that was said, and what is this row's own: system messages and example turns are said once. */
function parted(messages: readonly PromptMessage[]): {
  readonly head: readonly PromptMessage[];
  readonly own: readonly PromptMessage[];
} {
  let at = 0;
  for (const { role, pieces } of messages) {
    if (role !== "system" && !pieces.every(({ fixed }) => fixed)) break;
    at += 1;
  }
  // A prompt whose last message is the same for every row is still its question.
  const end = Math.min(at, messages.length - 1);
  return { head: messages.slice(0, end), own: messages.slice(end) };
}

function settled(piece: Piece): Piece {
  return piece.fixed ? piece : { ...piece, fixed: true };
}

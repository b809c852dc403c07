/** One chat message as the reader sees it: text only. */
export interface ReaderMessage {
  readonly role: "system" | "developer" | "user" | "assistant" | "tool";
  readonly content: string;
}

/**
 * How attention falls over a prompt, as a function of the relative position x in [0, 1]:
 * `floor + primacy * exp(-x / primacyWidth) + recency * exp(-(1 - x) / recencyWidth)`.
 * Primacy and recency lift the two ends; what lies between them is read at little more than the floor. A prompt of a few lines
 * is read whole; the longer it is, the more the curve tells. A system message
 * and the opening of the last turn stand out a little, as they do for models trained on chats.
 */
export interface Attention {
  readonly floor: number;
  readonly primacy: number;
  readonly primacyWidth: number;
  readonly recency: number;
  readonly recencyWidth: number;
  /** Factor on everything in a system message. */
  readonly system: number;
  /** Lift at the start of the last user turn, halved every 200 characters. */
  readonly turn: number;
  /** In [0, 1]: how much of what is noticed depends on the task being present (question, check, instructions, output format). */
  readonly focus: number;
  /** How strongly a present task turns the reader to what is asked and away from what is merely told. */
  readonly salience: number;
}

export interface ReaderOptions {
  /** Noise on the scores, drawn from the prompt and the seed; 0 (the default) answers the same every time. */
  readonly temperature?: number;
  /** Only matters with a temperature above 0. */
  readonly seed?: number;
  /** Which of the reader's attention curves to use; see `readerModels`. Default `reader`. */
  readonly attention?: Attention;
  /** A JSON Schema the answer must satisfy, as providers enforce it; the answer is then that JSON, whatever the prompt asks. */
  readonly schema?: unknown;
  /** Counts tokens for `usage`; the default is `approximateTokens`. */
  readonly tokens?: (text: string) => number;
}

export interface Candidate {
  readonly label: string;
  /** In (0, 1]; the candidates' probabilities sum to 1. */
  readonly probability: number;
}

/** What the prompt asked to be written. */
export type AnswerForm = "label" | "json" | "number" | "ranked" | "packed" | "text";

export interface Reading {
  /** What a language model would have written. Never empty. */
  readonly text: string;
  readonly form: AnswerForm;
  /** Probability of the answer by the reader's own account, in (0, 1]; for packed prompts the mean over segments. */
  readonly confidence: number;
  /** Labels with their probabilities, best first; empty when the prompt names no labels. */
  readonly candidates: readonly Candidate[];
  /** Estimates: the reader has no tokenizer of its own. */
  readonly usage: { readonly promptTokens: number; readonly completionTokens: number; readonly approximate: true };
}

import { createHash, type Hash } from "node:crypto";
import { canonicalJson } from "../../base/json.ts";
import type { Piece, PromptMessage } from "../prompt/prompt.ts";
import type { ToolSpec } from "../provider/provider.ts";
import type { Scalar } from "../spec/experiment.ts";

/** Stands before every key. To be raised when the same request would be sent differently than before. */
const keyVersion = "1";

/** All that changes a model's answer beside the messages. Timeouts, concurrency, retries and names of things are not in it. */
export interface KeyedRequest {
  /** Full model id, `provider:model`. */
  readonly model: string;
  /** Where it is served, when that is not the provider's usual place; without credentials. */
  readonly endpoint?: string | undefined;
  readonly parameters: Readonly<Record<string, Scalar>>;
  readonly responseSchema: Readonly<Record<string, unknown>> | undefined;
  readonly tools: readonly ToolSpec[];
  readonly contextTokens: number | undefined;
}

/** The key of a prompt's answer: version and 160 bits of SHA-256. `repeat` tells repeats of one request apart. */
export type KeyOf = (messages: readonly PromptMessage[], repeat: number) => string;

/**
 * Makes the key function of a variant. Keys depend on roles and texts alone, not on how a text is cut into pieces, so they
 * outlive changes to layouts that send the same bytes. The fixed pieces that a prompt begins with are hashed once and found
 * again by identity; the rest of a 4 KB prompt costs 1 to 3 us.
 */
export function keyFunction(request: KeyedRequest): KeyOf {
  // The order of a schema's properties is part of what is sent, and models answer in that order; that of parameters is not.
  const head = `${keyVersion}\n${canonicalJson(request.parameters)}\n${JSON.stringify([
    request.model,
    request.endpoint ?? null,
    request.responseSchema ?? null,
    request.tools.map(({ name, description, parameters }) => [name, description, parameters]),
    request.contextTokens ?? null,
  ])}\n`;
  let prefix: readonly Piece[] = [];
  let state: Hash | undefined;

  return (messages, repeat) => {
    // The structure follows the texts and has no line break, so that no two requests give the same stream.
    let structure = "\n[";
    let rest = "";
    let matched = 0;
    let matching = state !== undefined;
    for (const message of messages) {
      let length = 0;
      for (const piece of message.pieces) {
        length += piece.text.length;
        if (matching && prefix[matched] === piece) matched++;
        else {
          matching = false;
          rest += piece.text;
        }
      }
      structure += `"${message.role}",${length},`;
    }
    if (state === undefined || matched < prefix.length) {
      // Another beginning than last time: hash it whole, and remember it for the next prompt.
      const pieces = messages.flatMap((message) => message.pieces);
      const varying = pieces.findIndex((piece) => !piece.fixed);
      prefix = varying < 0 ? pieces : pieces.slice(0, varying);
      state = createHash("sha256").update(head);
      for (const piece of prefix) state.update(piece.text);
      rest = pieces
        .slice(prefix.length)
        .map((piece) => piece.text)
        .join("");
    }
    const digest = state.copy().update(`${rest}${structure}${repeat}]`).digest("hex");
    return `${keyVersion}:${digest.slice(0, 40)}`;
  };
}

import type { Message, Piece, Prompt } from "./prompt.ts";

/** The messages as a model without a system role gets them: the system's text heads the first user message. */
export function foldSystem(messages: readonly Message[]): readonly Message[] {
  const system = messages.filter(({ role }) => role === "system").map(({ content }) => content);
  const others = messages.filter(({ role }) => role !== "system");
  if (system.length === 0) return messages;
  const first = others.findIndex(({ role }) => role === "user");
  const head = system.join("\n\n");
  if (first < 0) return [{ role: "user", content: head }, ...others];
  return others.map((message, i) => (i === first ? { ...message, content: `${head}\n\n${message.content}` } : message));
}

/** The same for a prompt in pieces: joined, its messages are those of `foldSystem`. */
export function foldPrompt(prompt: Prompt): Prompt {
  const [system, ...others] = prompt.messages;
  const first = others.findIndex(({ role }) => role === "user");
  const last = system?.pieces.at(-1);
  if (system?.role !== "system" || first < 0 || last === undefined) return prompt;
  const gap: Piece = { ...last, text: "\n\n", fixed: true };
  return {
    messages: others.map((message, i) =>
      i === first ? { ...message, pieces: [...system.pieces, gap, ...message.pieces] } : message,
    ),
  };
}

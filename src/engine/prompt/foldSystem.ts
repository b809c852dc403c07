import type { Message } from "./prompt.ts";

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

import type { WireMessage } from "../wire/dialect.ts";

const keptAtStart = 4;

/**
 * What Ollama does to a prompt that does not fit when nothing forbids it: the oldest messages go, system messages and the
 * last message stay; if that is still too long, the text is cut down to half the window, its first four tokens and its end.
 */
export function truncated(
  messages: readonly WireMessage[],
  context: number,
  count: (messages: readonly WireMessage[]) => number,
): readonly WireMessage[] {
  let rest = messages;
  for (let i = 0; i < messages.length; i++) {
    rest = [...messages.slice(0, i).filter(({ role }) => role === "system"), ...messages.slice(i)];
    if (count(rest) <= context) return rest;
  }
  const all = count(rest);
  const length = rest.reduce((sum, { content }) => sum + content.length, 0);
  const perToken = length / all;
  const head = Math.round(keptAtStart * perToken);
  const tail = Math.round((Math.floor(context / 2) - 2) * perToken);
  const out: WireMessage[] = [];
  let at = 0;
  for (const { role, content } of rest) {
    const kept =
      content.slice(0, Math.max(0, head - at)) +
      content.slice(
        Math.max(Math.max(0, head - at), content.length - Math.max(0, at + content.length - (length - tail))),
      );
    if (kept !== "") out.push({ role, content: kept });
    at += content.length;
  }
  return out;
}

import type { Outcome } from "../response/outcome.ts";
import type { EditorFailure } from "./editorModels.ts";

/**
 * What an error of the editor's language models means. By code and name, which are part of the API and of what Copilot throws;
 * by text only where there is nothing else.
 */
export function editorOutcome(failure: EditorFailure, model: string, limitTokens: number | undefined): Outcome {
  const { name, code, message } = failure;
  const rejected = (reason: "auth" | "notFound" | "quota", told: string): Outcome => ({
    kind: "rejected",
    reason,
    status: undefined,
    message: told,
  });
  if (code === "NoPermissions") return rejected("auth", `${model} may not be used: ${message}`);
  if (code === "NotFound") return rejected("notFound", `the editor has no model ${model} (${message})`);
  if (name === "ChatQuotaExceeded" || code === "ChatQuotaExceeded") return rejected("quota", message);
  // Copilot blocks an extension for a while that asked too much.
  if (code === "Blocked" || name === "ChatRateLimited")
    return { kind: "rateLimited", message, retryAfterMs: undefined };
  if (/exceeds (the )?(token limit|context)/i.test(message)) return { kind: "tooLong", message, limitTokens };
  if (/response got filtered|content.?filter/i.test(message)) return { kind: "filtered", message };
  return {
    kind: "unavailable",
    reason: "server",
    status: undefined,
    message,
    retryAfterMs: undefined,
    body: undefined,
  };
}

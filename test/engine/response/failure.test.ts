import { describe, expect, it } from "vitest";
import { answered } from "../../../src/engine/provider/scripted.ts";
import { parseAnswer } from "../../../src/engine/response/answer.ts";
import { failureClassOf } from "../../../src/engine/response/failure.ts";
import type { Outcome } from "../../../src/engine/response/outcome.ts";
import { repairMessages } from "../../../src/engine/response/repair.ts";

const output = {
  type: "json",
  labels: "auto",
  schema: undefined,
  confidence: false,
  maxCandidates: 5,
  text: undefined,
} as const;
const parse = (text: string) => parseAnswer({ text, tokenConfidence: undefined }, output, []);
const unavailable = {
  kind: "unavailable",
  status: undefined,
  message: "",
  retryAfterMs: undefined,
  body: undefined,
} as const;

describe("the class of a failure", () => {
  it.each<[Outcome, string | undefined]>([
    [answered("{}"), undefined],
    [{ ...unavailable, reason: "timeout" }, "unavailable"],
    [{ ...unavailable, reason: "malformed" }, "unavailable"],
    [{ kind: "rateLimited", message: "", retryAfterMs: undefined }, "unavailable"],
    [{ kind: "tooLong", message: "", limitTokens: undefined }, "exception"],
    [{ kind: "filtered", message: "" }, "exception"],
    [{ kind: "rejected", reason: "auth", status: 401, message: "" }, "exception"],
    [{ kind: "cancelled" }, "exception"],
  ])("of %o", (outcome, expected) => {
    expect(failureClassOf(outcome, outcome.kind === "answered" ? parse(outcome.text) : undefined)).toBe(expected);
  });

  it("of an answer that cannot be read is invalid", () => {
    expect(failureClassOf(answered("{"), parse("{"))).toBe("invalid");
  });
});

describe("a re-ask", () => {
  it("shows the answer and quotes the error", () => {
    const problem = parse('{"a": x}');
    if (problem.kind !== "invalid") throw new Error("expected an invalid answer");
    const [assistant, user] = repairMessages('{"a": x}', problem);
    expect(assistant).toEqual({ role: "assistant", content: '{"a": x}' });
    expect(user?.role).toBe("user");
    expect(user?.content).toContain(problem.message);
    expect(problem.message).toContain("malformed JSON (syntax) at character 6");
  });

  it("does not send megabytes back", () => {
    const problem = parse("{");
    if (problem.kind !== "invalid") throw new Error("expected an invalid answer");
    expect(repairMessages("{".repeat(1e6), problem)[0]?.content.length).toBeLessThan(5000);
  });
});

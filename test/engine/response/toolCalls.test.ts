import { describe, expect, it } from "vitest";
import { readToolUse } from "../../../src/engine/response/toolCalls.ts";

const tools = [
  {
    name: "look",
    description: "",
    parameters: { type: "object", properties: { at: { type: "string" } }, required: ["at"] },
  },
  { name: "stop", description: "", parameters: { type: "object" } },
];
const use = (text: string, toolCalls: Parameters<typeof readToolUse>[0]["toolCalls"] = []) =>
  readToolUse({ text, toolCalls }, tools);

describe("tool calls", () => {
  it("are read in the SDKs' native form, validated and counted", () => {
    const calls = [
      { id: "a", tool: "look", params: { at: "card" } },
      { id: "b", tool: "look", params: { at: 3 } },
      { id: "c", tool: "stop", params: {} },
    ];
    expect(use("", calls)).toEqual({
      calls: [
        { call: calls[0], errors: [] },
        { call: calls[1], errors: [{ path: "params.at", message: "must be string" }] },
        { call: calls[2], errors: [] },
      ],
      finalResponse: undefined,
      counts: { look: 2, stop: 1 },
    });
  });

  it("are read from JSON text, with or without a final response", () => {
    const text = '{"tool_calls": [{"tool_name": "look", "params": {"at": "card"}}], "final_response": "It is there."}';
    expect(use(text)).toMatchObject({
      calls: [{ call: { id: "call_0", tool: "look", params: { at: "card" } }, errors: [] }],
      finalResponse: "It is there.",
    });
    expect(use('```json\n{"tool_calls": [{"tool_name": "stop"}], "final_response": null}\n```')).toMatchObject({
      calls: [{ call: { tool: "stop", params: {} }, errors: [] }],
      finalResponse: undefined,
    });
    expect(use('{"tool_calls": [], "final_response": {"label": "x"}}').finalResponse).toBe('{"label":"x"}');
  });

  it("that cannot be carried out say why", () => {
    expect(
      use('{"tool_calls": [{"tool_name": "fly", "params": {}}, {"params": {}}]}').calls.map(({ errors }) => errors),
    ).toEqual([
      [{ path: "tool_name", message: 'is "fly", which is not offered (look, stop)' }],
      [{ path: "tool_name", message: "is missing" }],
    ]);
    expect(use("", [{ id: "a", tool: "look", params: '{"at": ' }]).calls[0]?.errors).toEqual([
      { path: "params", message: "is not valid JSON" },
    ]);
    expect(use("", [{ id: "a", tool: "look", params: {} }]).calls[0]?.errors).toEqual([
      { path: "params", message: 'must have the property "at"' },
    ]);
  });

  it("are none in an ordinary answer", () => {
    expect(use("card_arrival")).toEqual({ calls: [], finalResponse: "card_arrival", counts: {} });
    expect(use('the word "tool_calls" alone').calls).toEqual([]);
  });
});

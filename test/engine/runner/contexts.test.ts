import { expect, it } from "vitest";
import { ContextManager } from "../../../src/engine/context/contextManager.ts";
import { nothingLearned } from "../../../src/engine/context/learned.ts";
import type { GpuReport } from "../../../src/engine/gpu/gpu.ts";
import { scriptedProvider } from "../../../src/engine/provider/scripted.ts";
import { type ContextChange, RunContexts } from "../../../src/engine/runner/contexts.ts";

const gib = 1024 ** 3;

it("says when a model on a full card could not be unloaded, and goes on", async () => {
  const manager = new ContextManager({ needed: 8192, learned: nothingLearned, warningBytes: 14 * gib, every: 50 });
  // Too early a failure is laid to the size of the context.
  for (let i = 0; i < 3; i++) manager.answered(manager.begin());
  const contexts = new RunContexts(new Map([["ollama:m", manager]]), 14 * gib);
  const changes: ContextChange[] = [];
  contexts.listen((change) => changes.push(change));
  const scripted = scriptedProvider({ script: () => "" });
  const provider = { ...scripted, unload: () => Promise.reject(new Error("the server is gone")) };
  const facts = provider.facts("m");
  const loaded = { name: "m", bytes: 15 * gib, vramBytes: 15 * gib, contextTokens: 8192, expiresAt: undefined };
  const full: GpuReport = { at: 0, sources: [], devices: [], models: [loaded], problems: [] };
  // One reading may be a passing peak.
  for (let i = 0; i < 2; i++)
    await contexts.seen(full, [{ id: "ollama:m", name: "m", provider, facts, price: undefined }]);
  expect(changes.map(({ model, what }) => [model, what])).toEqual([
    ["ollama:m", "loaded anew"],
    ["ollama:m", "could not be unloaded"],
  ]);
  expect(changes[1]?.reason).toBe("it could not be unloaded (the server is gone)");
});

import type { Piece } from "../../../src/engine/prompt/prompt.ts";
import type { Completion, ExampleRecord, NewRequest, RunRecord, TrialRecord } from "../../../src/engine/store/store.ts";

/** Rows for store tests; each takes what matters to the test and fills in the rest. */

export function aRun(change: Partial<RunRecord> = {}): RunRecord {
  return {
    id: "run-1",
    name: "intents",
    file: "intents.layout.yaml",
    createdAt: 1000,
    endedAt: undefined,
    status: "running",
    stopReason: undefined,
    experiment: '{"name":"intents"}',
    datasetHash: "dataset-1",
    models: ["openai:gpt"],
    variants: [{ index: 0, id: "standard", layout: "standard", model: "openai:gpt", parameters: { temperature: 0 } }],
    scorers: ["label"],
    order: Uint32Array.of(2, 0, 1),
    settings: { seed: 1, scope: "dataset", margin: null },
    verdict: undefined,
    summary: undefined,
    owner: "host:1:1",
    ...change,
  };
}

/** The same object in every prompt, as a compiled layout has it. */
const fixedPiece: Piece = { text: "You label customer messages. ".repeat(20), part: "role", fixed: true };

export function aRequest(n: number, change: Partial<NewRequest> = {}): NewRequest {
  return {
    run: "run-1",
    variant: 0,
    model: "openai:gpt",
    key: `key-${n}`,
    taskType: "label",
    complexity: "low",
    priority: 1,
    messages: [
      { role: "system", pieces: [fixedPiece] },
      { role: "user", pieces: [{ text: `My card ${n} is lost.`, part: "segment", fixed: false }] },
    ],
    request: '{"parameters":{"temperature":0}}',
    context: undefined,
    responseSchema: undefined,
    promptTokensEstimated: 100,
    trials: [[n, 0]],
    ...change,
  };
}

export function aCompletion(change: Partial<Completion> = {}): Completion {
  return {
    status: "completed",
    source: "call",
    attempts: 1,
    errorClass: undefined,
    errorMessage: undefined,
    validationErrors: undefined,
    rawResponse: "lost_card",
    parsedResponse: '"lost_card"',
    toolCalls: [],
    promptTokens: 100,
    completionTokens: 3,
    cachedTokens: 64,
    tokensEstimated: false,
    cost: 0.25,
    latencyMs: 120.5,
    firstTokenMs: undefined,
    queuedMs: 4,
    servedModel: undefined,
    ...change,
  };
}

export function aTrial(position: number, change: Partial<TrialRecord> = {}): TrialRecord {
  return {
    run: "run-1",
    variant: 0,
    position,
    repeat: 0,
    exampleId: `example-${position}`,
    request: undefined,
    state: "scored",
    prediction: "lost_card",
    expected: "lost_card",
    score: 1,
    confidence: undefined,
    scores: {},
    ...change,
  };
}

export function anExample(index: number, change: Partial<ExampleRecord> = {}): ExampleRecord {
  return {
    index,
    id: `example-${index}`,
    row: index + 1,
    line: index + 2,
    expected: "lost_card",
    fields: { text: `My card ${index} is lost.` },
    ...change,
  };
}

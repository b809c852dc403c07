/** An experiment file with every key, as the documentation shows it. */
export const contractFile = `# yaml-language-server: $schema=experiment.schema.json
name: intents
dataset: { path: data/banking.csv, format: csv, input: { segment: text }, expected: category, id: id, filter: { split: test }, limit: 100, seed: 7, shuffle: true }
models: [builtin:reader, openai/gpt-4.1-mini, ollama:gemma3:12b, vscode:copilot/gpt-4.1, replay:outputs.jsonl]
prompt:
  role: You label customer messages.
  instructions: { file: prompts/instructions.md }
  definitions: What the labels mean.
  examples: { path: data/shots.csv, count: 5, select: random }
  context: "{{passage}}"
  segment: "Message: {{segment}}"
  question: Which intent is it?
  quickCheck: Answer with one label from the list.
  output: { type: label, labels: [yes, no, 1.0], confidence: true, maxCandidates: 3 }
chain:
  - { id: topic, question: What is it about?, stopWhen: none }
  - { id: intent, question: Which intent?, role: You are brief., output: { type: text } }
layouts: [standard, recency, { hybrid: [sandwich, recency] }, { name: mine, system: [role, instructions, definitions, examples], user: [context, segment, question, quickCheck, output], style: xml, examplesAs: turns, repeat: 2 }]
parameters: { temperature: [0, 0.7], examples.count: [0, 5], style: markdown }
sampling: { mode: doubling, initial: 50, confidence: 0.9, equivalence: 0.01, seed: 3, repeats: 2, scope: population, strict: true }
stopping: { rule: patience, patience: 4, threshold: 0.2 }
scoring: [label, { type: sql, database: shop.sqlite }]
ensemble: [{ layouts: [standard, recency, mine], combine: confidence }]
limits:
  pools: [{ models: ["*"], requestsPerMinute: 15, tokensPerMinute: 60000, concurrency: 3, window: 60s, kind: sliding }]
  preset: aggressive
  maxCalls: 2000
  maxTokens: 1000000
  maxCost: 5
  maxDuration: 2h
  timeout: 500ms
  retries: 0
  stream: on
tools: [{ name: lookup_order, description: Finds an order., parameters: { type: object, properties: { id: { type: string } } } }]
context: { maxTokens: 32000, trim: none, conversation: rolling, trimEvery: 20, vramWarning: 14GB }
cache: { mode: off, shared: "\${env:CACHE_URL}" }
packing: { segmentsPerRequest: 4 }
assert: { accuracy: ">= 0.8", against: baseline, minGain: 0 }
track: { mlflow: http://127.0.0.1:5000, wandb: layouts, slack: env:SLACK_WEBHOOK_URL, discord: "https://example.org/\${env:DISCORD}" }
`;

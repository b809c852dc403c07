/** The names an experiment file may use unless the caller knows more. */

export const builtinLayouts = [
  "standard",
  "recency",
  "sandwich",
  "minimal-system",
  "question-first",
  "question-both",
  "instructions-last",
  "chat-examples",
  "repetition",
  "static-first",
] as const;

/** What runs when the file names no layouts. */
export const defaultLayouts: readonly string[] = builtinLayouts.slice(0, 5);

export const builtinProviders: readonly string[] = ["builtin", "openai", "ollama", "vscode", "replay"];

export const builtinScorers: readonly string[] = [
  "label",
  "exact",
  "normalised",
  "contains",
  "regex",
  "number",
  "json",
  "ranked",
  "mrr",
  "similarity",
  "sql",
  "script",
  "judge",
];

/** Request parameters that providers share, and the parts of a prompt that can vary. Others are passed on as they are. */
export const knownParameters: readonly string[] = [
  "temperature",
  "top_p",
  "max_tokens",
  "seed",
  "stop",
  "frequency_penalty",
  "presence_penalty",
  "reasoning_effort",
  "verbosity",
  "service_tier",
  "top_k",
  "min_p",
  "repeat_penalty",
  "think",
  "examples.count",
  "examples.select",
  "examples.order",
  "options.order",
  "packing",
  "style",
];

export const styles = ["plain", "markdown", "xml"] as const;
export const listOrders = ["asWritten", "reversed", "shuffled"] as const;
export const selections = ["first", "random", "nearest"] as const;

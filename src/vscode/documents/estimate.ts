import type { Estimate } from "../../engine/api.ts";
import { dollars, duration, integer, percent } from "../words.ts";
import { cell } from "./markdown.ts";

/** What a run would take, as Markdown. */
export function estimateReport(estimate: Estimate): string {
  const { calls, cachedCalls, tokens, cost, shortestMs } = estimate;
  return [
    `# Estimate of ${estimate.name}`,
    "",
    "| | |",
    "|---|---:|",
    `| Examples | ${integer(estimate.examples)} |`,
    `| Calls at most | ${integer(calls)} |`,
    `| of which in the cache | ${integer(cachedCalls)} |`,
    `| Prompt tokens | ${integer(tokens.prompt)} |`,
    `| Answer tokens | ${integer(tokens.completion)} |`,
    `| Cost at most | ${dollars(cost)} |`,
    `| Shortest duration | ${duration(shortestMs)} |`,
    "",
    "## By variant",
    "",
    "| variant | tokens per prompt | cacheable | cost |",
    "|---|---:|---:|---:|",
    ...estimate.variants.map(
      (one) =>
        `| ${cell(one.id)} | ${integer(one.promptTokens)} | ${percent(one.cacheablePrefix)} | ${dollars(one.cost)} |`,
    ),
    "",
    ...(estimate.unpriced.length > 0
      ? [`- The price of ${estimate.unpriced.join(", ")} is unknown; the setting \`layoutlab.prices\` takes it.`]
      : []),
    ...estimate.notes.map((note) => `- ${note}`),
    "",
  ].join("\n");
}

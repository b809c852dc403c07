import { html, nothing, type TemplateResult } from "lit";
import type { RunView } from "../../engine/runner/events.ts";
import { compact, count, dollars, rate } from "../shared/format.ts";
import { savedWords } from "./words.ts";

/** The run in numbers; every box keeps its width, so nothing jumps while they count. */
export function numbersView(view: RunView): TemplateResult {
  const { requests, tokens } = view;
  const going = view.status === "running" || view.status === "stopping";
  const slots = view.queue.pools.reduce((sum, pool) => sum + pool.concurrencyNow, 0);
  return html`<section class="section" aria-label="Numbers">
    <dl class="numbers">
      ${number("Calls", count(requests.sent))}
      ${number("Rate", going ? `${rate(view.ratePerSecond)}/s` : "–")}
      ${number("In flight", Number.isFinite(slots) && slots > 0 ? `${count(view.inFlight)} of ${count(slots)}` : count(view.inFlight))}
      ${view.scoring === undefined ? nothing : number("Being scored", scoringWords(view.scoring))}
      ${number("From cache", count(requests.cached))}
      ${number("Retries", count(requests.retried), requests.retried > 0 ? "warn" : "")}
      ${number("Failures", count(requests.failed), requests.failed > 0 ? "bad" : "")}
      ${number("Cost", dollars(view.cost))}
      ${number("Prompt tokens", compact(tokens.prompt))}
      ${number("Answer tokens", compact(tokens.completion))}
      ${tokens.cached > 0 ? number("Cached tokens", compact(tokens.cached)) : nothing}
      ${number("Calls saved", savedWords(view))}
    </dl>
  </section>`;
}

function scoringWords({ execute, judge }: NonNullable<RunView["scoring"]>): string {
  return execute + judge === 0 ? "–" : `${count(execute)} executing, ${count(judge)} judged`;
}

function number(name: string, value: unknown, tone = ""): TemplateResult {
  return html`<div class="number-box ${tone}"><dt>${name}</dt><dd>${value}</dd></div>`;
}

import { html, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Decision, DecisionKind } from "../../engine/decide/sampler.ts";
import { count } from "../shared/format.ts";
import { icon } from "../shared/icon.ts";

export interface MadeDecision {
  readonly model: string;
  readonly decision: Decision;
}

const signs: Readonly<Record<DecisionKind, string>> = {
  dropped: "close",
  won: "star-full",
  stopped: "debug-stop",
  equivalent: "arrow-both",
  nonInferior: "pass",
  looked: "eye",
  joined: "add",
  skipped: "debug-step-over",
};

/** Why the race stands as it does, newest first. */
export function decisionLog(decisions: readonly MadeDecision[]): TemplateResult {
  const several = new Set(decisions.map(({ model }) => model)).size > 1;
  return html`<section class="section" aria-labelledby="log">
    <h2 id="log">Decisions</h2>
    ${
      decisions.length === 0
        ? html`<p class="muted">None yet: a variant is dropped as soon as the evidence against it is strong enough.</p>`
        : html`<ol class="log" tabindex="0" aria-labelledby="log">
            ${repeat(
              [...decisions].reverse(),
              ({ model, decision }) => `${model} ${decision.sequence}`,
              ({ model, decision }) => html`<li>
                ${icon(signs[decision.kind])}
                <span class="log-row muted">row ${count(decision.row)}${several ? html`, ${model}` : ""}</span>
                <span>${decision.reason}</span>
              </li>`,
            )}
          </ol>`
    }
  </section>`;
}

/** What a screen reader says of decisions that came since it last spoke. */
export function spoken(decisions: readonly MadeDecision[]): string {
  const [first] = decisions;
  if (first === undefined) return "";
  if (decisions.length === 1) return first.decision.reason;
  return `${decisions.length} decisions; the last: ${decisions.at(-1)?.decision.reason}`;
}

import { html, nothing, type TemplateResult } from "lit";
import type { Verdict } from "../../engine/decide/sampler.ts";
import { listed, plural } from "../shared/format.ts";
import { icon } from "../shared/icon.ts";
import { rateWords } from "../shared/verdictWords.ts";
import type { ResultsContext } from "./context.ts";

const kinds: Readonly<Record<Verdict["kind"], { readonly icon: string; readonly word: string }>> = {
  winner: { icon: "star-full", word: "Winner" },
  equivalent: { icon: "arrow-both", word: "Equivalent" },
  nonInferior: { icon: "pass", word: "Not worse, and cheaper" },
  undecided: { icon: "question", word: "Undecided" },
};

/** What the run concludes, for whom it holds and how sure it is. */
export function verdictView({ details, nameOf, state }: ResultsContext): TemplateResult {
  const { verdict, verdicts } = details.summary;
  // The other tabs need the room for what they show.
  const whole = state.tab === "overview";
  if (verdicts.length === 0) return oneVerdict(verdict, nameOf, undefined, whole);
  return html`${verdicts.map((each) => oneVerdict(each.verdict, nameOf, each.model, whole))}`;
}

function oneVerdict(
  verdict: Verdict,
  nameOf: (id: string) => string,
  model: string | undefined,
  whole: boolean,
): TemplateResult {
  const { icon: sign, word } = kinds[verdict.kind];
  return html`<section class="verdict" data-kind=${verdict.kind} aria-label=${model === undefined ? "Verdict" : `Verdict for ${model}`}>
    ${icon(sign)}
    <div>
      <p class="verdict-title">
        ${model === undefined ? nothing : html`<span class="muted">${model}</span> `}<strong>${word}${
          verdict.winner === null || verdict.kind === "equivalent" || verdict.kind === "undecided"
            ? nothing
            : `: ${nameOf(verdict.winner)}`
        }${verdict.kind === "equivalent" ? `: ${listed(verdict.tied.map(nameOf))}` : nothing}</strong>
      </p>
      <p>${verdict.explanation}</p>
      ${whole ? html`<p class="muted">${scopeWords(verdict)}</p>` : nothing}
    </div>
  </section>`;
}

/** For whom the verdict holds, and the chance of error it was held to. */
export function scopeWords(verdict: Verdict): string {
  const scope =
    verdict.scope === "dataset" ? "It speaks of the rows of this dataset only" : "It speaks of future rows like these";
  const more =
    verdict.moreTrials !== null && verdict.moreTrials > 0
      ? ` About ${plural(verdict.moreTrials, "more row")} would be needed.`
      : "";
  return `${scope}; ${rateWords(verdict)}.${more}`;
}

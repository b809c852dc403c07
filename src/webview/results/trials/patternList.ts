import { html, nothing, type TemplateResult } from "lit";
import type {
  ConfusionPattern,
  ErrorPattern,
  PatternReport,
  PatternTarget,
} from "../../../engine/analysis/patterns.ts";
import { iconButton } from "../../shared/button.ts";
import { csvText } from "../../shared/csv.ts";
import { count, percent } from "../../shared/format.ts";
import type { ResultsContext } from "../context.ts";
import { firstTrials, type TrialChoice } from "../state.ts";

/** What failing rows have in common, under heads of what is counted; each one shows its rows in the browser beside it. */
export function patternList(context: ResultsContext, report: PatternReport): TemplateResult {
  const heads = [...new Set(report.found.map(({ target }) => headOf(context, target)))];
  const { agreement } = report;
  const mixed = agreement.rows > 0 && agreement.some > 0;
  return html`
    <p class="muted pattern-note">${
      report.found.length + report.confusions.length === 0
        ? `Nothing that rows have in common makes them fail more often than the rest, of ${count(report.tested)} things tested.`
        : `They fail more often than the rest by more than chance. ${count(report.tested)} things were tested; about ${percent(report.falseDiscoveryRate, 0)} of these may still be chance.`
    }</p>
    ${
      mixed
        ? html`<p class="muted pattern-note">Of ${count(agreement.rows)} rows, ${count(agreement.all)} are right under every variant, ${count(agreement.none)} under none.</p>`
        : nothing
    }
    ${heads.map(
      (head) => html`<h3>${head}</h3>
        <ul>
          ${report.found
            .filter(({ target }) => headOf(context, target) === head)
            .map((pattern) => html`<li>${patternButton(context, pattern)}</li>`)}
        </ul>`,
    )}
    ${
      report.confusions.length === 0
        ? nothing
        : html`<h3>Taken for another label</h3>
            <ul>
              ${report.confusions.map((one) => html`<li>${confusionButton(context, one)}</li>`)}
            </ul>`
    }
    ${
      report.found.length + report.confusions.length === 0
        ? nothing
        : iconButton({ icon: "table", label: "Save the patterns as CSV", onClick: () => savePatterns(context, report) })
    }
  `;
}

/** The filters that show a pattern's failing rows. */
export function choiceOf(pattern: ErrorPattern): TrialChoice {
  const { target } = pattern;
  return {
    ...firstTrials,
    pattern: pattern.id,
    outcome: target.kind === "unparsable" ? "unparsable" : "wrong",
    variant: target.kind === "everywhere" ? -1 : target.variant,
  };
}

function headOf({ nameOf, details }: ResultsContext, target: PatternTarget): string {
  const name = target.kind === "everywhere" ? "" : nameOf(details.summary.variants[target.variant]?.id ?? "");
  switch (target.kind) {
    case "everywhere":
      return "Wrong under every variant";
    case "only":
      return `Wrong only under ${name}`;
    case "wrong":
      return `Wrong under ${name}`;
    case "unparsable":
      return `Unreadable under ${name}`;
  }
}

function patternButton(context: ResultsContext, pattern: ErrorPattern): TemplateResult {
  const { state, update } = context;
  const pressed = state.trials.pattern === pattern.id;
  return html`<button
    type="button"
    class="pattern"
    aria-pressed=${pressed}
    title=${[`corrected p ${pText(pattern.adjusted)}`, ...(pattern.also.length > 0 ? [`also: ${pattern.also.join("; ")}`] : [])].join("\n")}
    @click=${() => update({ trials: pressed ? { ...state.trials, pattern: "" } : choiceOf(pattern), selected: [] })}
  >
    <span class="pattern-text"><bdi>${pattern.condition}</bdi></span>
    <span class="pattern-numbers">${ratesText(pattern.failures, pattern.rows, pattern.rate, pattern.restRate)}</span>
    ${pattern.also.length === 0 ? nothing : html`<span class="pattern-numbers">also: <bdi>${pattern.also.join("; ")}</bdi></span>`}
  </button>`;
}

function confusionButton(context: ResultsContext, one: ConfusionPattern): TemplateResult {
  const { state, update, nameOf, details } = context;
  const { variant, expected, prediction } = one;
  const trials = { ...firstTrials, outcome: "all" as const, variant, expected, prediction };
  const pressed = JSON.stringify(state.trials) === JSON.stringify(trials);
  return html`<button
    type="button"
    class="pattern"
    aria-pressed=${pressed}
    title="corrected p ${pText(one.adjusted)}"
    @click=${() => update({ trials: pressed ? firstTrials : trials, selected: [] })}
  >
    <span class="pattern-text"><bdi>${expected}</bdi> → <bdi>${prediction}</bdi></span>
    <span class="pattern-numbers">${nameOf(details.summary.variants[variant]?.id ?? "")} · ${ratesText(one.count, one.rows, one.rate, one.restRate)}</span>
  </button>`;
}

function ratesText(failures: number, rows: number, rate: number, restRate: number): string {
  return `${count(failures)} of ${count(rows)} (${percent(rate, 0)}), elsewhere ${percent(restRate, restRate < 0.01 ? 1 : 0)}`;
}

function pText(p: number): string {
  return p < 0.0001 ? "< 0.0001" : p.toFixed(4);
}

function savePatterns(context: ResultsContext, { found, confusions }: PatternReport): void {
  const idOf = (variant: number) => context.details.summary.variants[variant]?.id;
  context.save(
    "patterns.csv",
    csvText(
      ["what", "variant", "condition", "failures", "rows", "rate", "rest_rate", "p", "p_corrected"],
      [
        ...found.map(({ target, condition, failures, rows, rate, restRate, pValue, adjusted }) => [
          target.kind,
          target.kind === "everywhere" ? "" : idOf(target.variant),
          condition,
          failures,
          rows,
          rate,
          restRate,
          pValue,
          adjusted,
        ]),
        ...confusions.map((one) => [
          "confusion",
          idOf(one.variant),
          `${one.expected} answered ${one.prediction}`,
          one.count,
          one.rows,
          one.rate,
          one.restRate,
          one.pValue,
          one.adjusted,
        ]),
      ],
    ),
  );
}

import { html, nothing, type TemplateResult } from "lit";
import { iconButton } from "../../shared/button.ts";
import { icon } from "../../shared/icon.ts";
import type { ResultsContext } from "../context.ts";
import { firstTrials, type TrialChoice } from "../state.ts";

const outcomes: readonly (readonly [TrialChoice["outcome"], string])[] = [
  ["all", "All trials"],
  ["wrong", "Wrong"],
  ["right", "Right"],
  ["unparsable", "Unparsable"],
  ["failed", "Failed"],
];

/** More labels than this are typed, not picked. */
const mostPicked = 200;

export function filtersView(options: {
  readonly context: ResultsContext;
  readonly choice: TrialChoice;
  readonly found: string;
  readonly onChange: (change: Partial<TrialChoice>) => void;
  readonly onSearch: (text: string) => void;
  readonly onRefresh: () => void;
}): TemplateResult {
  const { context, choice, onChange } = options;
  const { labels, summary } = context.details;
  return html`<div class="toolbar filters" role="toolbar" aria-label="Filter trials">
    <label class="field"
      ><span class="unseen">Outcome</span>
      <select id="outcome" .value=${choice.outcome} @change=${(event: Event) => onChange({ outcome: chosen(event) as TrialChoice["outcome"] })}>
        ${outcomes.map(([id, label]) => html`<option value=${id} ?selected=${id === choice.outcome}>${label}</option>`)}
      </select></label
    >
    <label class="field"
      ><span class="unseen">Variant</span>
      <select id="variant" .value=${String(choice.variant)} @change=${(event: Event) => onChange({ variant: Number(chosen(event)) })}>
        <option value="-1" ?selected=${choice.variant < 0}>All variants</option>
        ${summary.variants.map((variant, index) => html`<option value=${index} ?selected=${index === choice.variant}>${context.nameOf(variant.id)}</option>`)}
      </select></label
    >
    ${answerFilter("expected", "Expected", choice.expected, labels, (expected) => onChange({ expected }))}
    ${answerFilter("prediction", "Answered", choice.prediction, labels, (prediction) => onChange({ prediction }))}
    <label class="field search-field"
      ><span class="unseen">Search in fields and answers</span>
      <input
        id="search"
        type="search"
        placeholder="Search in fields and answers"
        .value=${choice.search}
        @input=${(event: Event) => options.onSearch(chosen(event))}
    /></label>
    ${
      choice.pattern === ""
        ? nothing
        : html`<button type="button" class="chip pattern-chip" title="Show rows outside this pattern again" @click=${() => onChange({ pattern: "" })}>
            pattern: <bdi>${choice.pattern.replace(/^\S+ \S* /, "")}</bdi> ${icon("close")}</button>`
    }
    <span class="muted found" role="status">${options.found}</span>
    ${iconButton({
      icon: "clear-all",
      label: "Clear filters",
      disabled: isFirst(choice),
      onClick: () => onChange({ ...firstTrials, outcome: "all" }),
    })}
    ${iconButton({ icon: "refresh", label: "Read the trials again", onClick: options.onRefresh })}
  </div>`;
}

function isFirst(choice: TrialChoice): boolean {
  return (
    choice.outcome === "all" &&
    choice.variant < 0 &&
    choice.expected === "" &&
    choice.prediction === "" &&
    choice.search === "" &&
    choice.pattern === ""
  );
}

function answerFilter(
  id: string,
  label: string,
  value: string,
  labels: readonly string[],
  onChange: (value: string) => void,
): TemplateResult {
  if (labels.length === 0 || labels.length > mostPicked) {
    return html`<label class="field"
      ><span class="unseen">${label}</span>
      <input id=${id} type="text" placeholder="${label}: any" .value=${value} @change=${(event: Event) => onChange(chosen(event))} /></label
    >`;
  }
  // An answer that is no label can be chosen in the confusion matrix.
  const listed = value === "" || labels.includes(value) ? labels : [...labels, value];
  return html`<label class="field"
    ><span class="unseen">${label}</span>
    <select id=${id} .value=${value} @change=${(event: Event) => onChange(chosen(event))}>
      <option value="" ?selected=${value === ""}>${label}: any</option>
      ${listed.map((each) => html`<option value=${each} ?selected=${each === value}>${label}: ${each}</option>`)}
    </select></label
  >`;
}

function chosen(event: Event): string {
  return (event.target as HTMLInputElement | HTMLSelectElement).value;
}

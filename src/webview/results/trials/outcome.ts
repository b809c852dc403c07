import { html, type TemplateResult } from "lit";
import type { TrialRecord } from "../../../engine/store/store.ts";
import { icon } from "../../shared/icon.ts";

/** How a trial ended, as a sign and a word. */
export function outcomeView(trial: Pick<TrialRecord, "state" | "score">): TemplateResult {
  const { sign, word, tone } = outcomeOf(trial);
  return html`<span class="outcome ${tone}">${icon(sign)} ${word}</span>`;
}

function outcomeOf({ state, score }: Pick<TrialRecord, "state" | "score">): {
  readonly sign: string;
  readonly word: string;
  readonly tone: "good" | "bad" | "none";
} {
  switch (state) {
    case "unparsable":
      return { sign: "question", word: "unparsable", tone: "bad" };
    case "failed":
      return { sign: "error", word: "failed", tone: "bad" };
    case "void":
      return { sign: "circle-slash", word: "void", tone: "none" };
    case "scored":
      if (score === undefined || score <= 0) return { sign: "close", word: "wrong", tone: "bad" };
      if (score >= 1) return { sign: "check", word: "right", tone: "good" };
      return { sign: "circle-outline", word: score.toFixed(2), tone: "none" };
  }
}

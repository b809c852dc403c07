import { html, nothing, type TemplateResult } from "lit";
import { iconButton } from "../../shared/button.ts";
import { emptyState } from "../../shared/notice.ts";
import { tableCsv } from "../../shared/sortableTable.ts";
import type { ResultsContext } from "../context.ts";
import { efficiencyView } from "./efficiency.ts";
import { ensemblesView } from "./ensembles.ts";
import { accuracyForest, differenceForest } from "./forests.ts";
import { leaderboard, leaderboardColumns } from "./leaderboard.ts";
import { noiseView } from "./noise.ts";
import { priceScatter } from "./prices.ts";

/** What happened, in a minute. */
export function overviewTab(context: ResultsContext): TemplateResult {
  const { summary } = context.details;
  const tried = summary.variants.filter((variant) => variant.trials > 0);
  if (tried.length === 0) {
    return emptyState({ icon: "graph", title: "No trial has been scored yet", text: summary.stopped.reason });
  }
  return html`
    <section class="section" aria-labelledby="leaderboard">
      <div class="section-head">
        <h2 id="leaderboard">Leaderboard</h2>
        ${iconButton({
          icon: "table",
          label: "Save the leaderboard as CSV",
          onClick: () => context.save("leaderboard.csv", tableCsv(leaderboardColumns(context), summary.variants)),
        })}
      </div>
      ${leaderboard(context)}
    </section>
    <section class="section">
      <div class="charts">
        ${accuracyForest(context, tried)}
        ${summary.verdict.rivals.length === 0 ? nothing : differenceForest(context)}
        ${priceScatter(context, tried)}
        <what-if .context=${context}></what-if>
      </div>
    </section>
    ${efficiencyView(context)}
    ${summary.ensembles === undefined || summary.ensembles.length === 0 ? nothing : ensemblesView(summary.ensembles)}
    ${summary.noise === undefined || summary.noise.length === 0 ? nothing : noiseView(summary.noise)}
  `;
}

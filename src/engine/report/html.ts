import { judgeSentences } from "../analysis/judging.ts";
import type { RunSummary, VariantSummary } from "../runner/events.ts";
import { analyticsSections, type RunAnalytics } from "./analytics.ts";
import { xml } from "./junit.ts";
import { ms, percent, prefixRows, prefixTitles, ranked } from "./markdown.ts";
import { exportRow } from "./rows.ts";
import type { ReportSource } from "./write.ts";

/** Most wrong answers that the page shows; the exports of other formats hold all. */
const shownErrors = 500;

/** One file without scripts or anything loaded from elsewhere: verdict, leaderboard, forest plot, analytics, wrong answers. */
export async function* htmlReport(source: ReportSource, counted: () => void): AsyncGenerator<string> {
  const { record, summary } = source;
  yield `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${xml(summary.name)} – Layout Lab</title><style>${style}</style></head><body><main>
<h1>${xml(summary.name)}</h1>
<p class="verdict">${xml(summary.verdict.explanation)}</p>
${(summary.noise ?? []).map((one) => `<p class="note">Noise of ${xml(one.id)}: ${xml(one.explanation)}</p>`).join("\n")}
${(summary.alerts ?? []).map(({ message }) => `<p class="note">Alert: ${xml(message)}.</p>`).join("\n")}
${summary.notes.map((note) => `<p class="note">${xml(note)}</p>`).join("\n")}
${leaderboard(summary)}
${modelTable(summary.models)}
${ensembleList(summary.ensembles)}
${
  summary.judging === undefined
    ? ""
    : `<ul>${judgeSentences(summary.judging)
        .map((each) => `<li>${xml(each)}</li>`)
        .join("")}</ul>`
}
${prefixTable(summary)}
${forest(summary)}
${analyticsHtml(await source.analytics())}
<h2>Wrong answers</h2>
<table><thead><tr><th>variant</th><th>row</th><th>expected</th><th>answer</th><th>output</th></tr></thead><tbody>
`;
  let shown = 0;
  for await (const trial of source.trials()) {
    counted();
    if ((trial.score ?? 0) >= 1 || shown >= shownErrors) continue;
    shown += 1;
    const row = exportRow(record, trial);
    yield `<tr><td>${xml(row.variant)}</td><td>${row.row}</td><td>${xml(row.expected ?? "")}</td><td>${xml(
      row.prediction ?? row.error ?? "",
    )}</td><td><pre>${xml((row.output ?? "").slice(0, 400))}</pre></td></tr>\n`;
  }
  yield `</tbody></table>
${shown >= shownErrors ? `<p class="note">The first ${shownErrors} are shown; export CSV or JSONL for all.</p>` : ""}
<footer>Run ${xml(summary.run)}, ${summary.createdAt}. ${summary.requests.sent} calls, ${summary.requests.cached} answers from cache or file. ${xml(summary.stopped.reason)}.</footer>
</main></body></html>
`;
}

function leaderboard(summary: RunSummary): string {
  const rows = ranked(summary)
    .map(
      (v) =>
        `<tr class="${v.status}"><td>${xml(v.id)}</td><td class="n">${v.trials}</td><td class="n">${percent(v.accuracy)}</td><td class="n">${percent(
          v.interval[0],
        )} – ${percent(v.interval[1])}</td><td class="n">${v.tokensPerCorrect === null ? "–" : Math.round(v.tokensPerCorrect)}</td><td class="n">${
          v.cost === null ? "unknown" : `$${v.cost.toFixed(4)}`
        }</td><td class="n">${ms(v.latency?.p50)}</td><td>${v.status}</td><td>${xml(v.reason)}</td></tr>`,
    )
    .join("\n");
  return `<h2>Leaderboard</h2><table><thead><tr><th>variant</th><th>trials</th><th>accuracy</th><th>interval</th><th>tokens per correct</th><th>cost</th><th>p50</th><th>status</th><th>why</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function analyticsHtml(analytics: RunAnalytics): string {
  return analyticsSections(analytics)
    .map(({ title, columns, rows, lines }) => {
      const cell = (tag: "td" | "th") => (text: string, i: number) =>
        `<${tag}${columns[i]?.align === "right" ? ' class="n"' : ""}>${xml(text)}</${tag}>`;
      const head = columns.map((column, i) => cell("th")(column.title, i)).join("");
      const body = rows.map((row) => `<tr>${row.map(cell("td")).join("")}</tr>`).join("\n");
      const table = rows.length === 0 ? "" : `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
      const list = lines.length === 0 ? "" : `<ul>${lines.map((line) => `<li>${xml(line)}</li>`).join("")}</ul>`;
      return `<h2>${xml(title)}</h2>${table}${list}`;
    })
    .join("\n");
}

function modelTable(models: RunSummary["models"]): string {
  if (models === undefined) return "";
  const head = models.models.map(({ model }) => `<th>${xml(model)}</th>`).join("");
  const rows = models.layouts
    .map(({ layout, meanRank, means }) => {
      const cells = means.map((mean, i) => {
        const shown = percent(mean);
        return `<td class="n">${models.models[i]?.winner === layout ? `<b>${shown}</b>` : shown}</td>`;
      });
      return `<tr><td>${xml(layout)}</td><td class="n">${meanRank.toFixed(1)}</td>${cells.join("")}</tr>`;
    })
    .join("\n");
  return `<h2>Models side by side</h2><p>${xml(models.explanation)}</p><table><thead><tr><th>layout</th><th>mean rank</th>${head}</tr></thead><tbody>${rows}</tbody></table>`;
}

/** What prefix caching serves and saves, where it can. */
function prefixTable(summary: RunSummary): string {
  const figures = prefixRows(summary);
  if (figures.length === 0) return "";
  const rows = figures.map(
    ([name = "", ...cells]) =>
      `<tr><td>${xml(name)}</td>${cells.map((cell) => `<td class="n">${xml(cell)}</td>`).join("")}</tr>`,
  );
  const head = prefixTitles.map((title) => `<th>${xml(title)}</th>`).join("");
  return `<h2>Prefix caching</h2><table><thead><tr>${head}</tr></thead><tbody>${rows.join("\n")}</tbody></table>`;
}

function ensembleList(ensembles: RunSummary["ensembles"]): string {
  if (ensembles === undefined) return "";
  const items = ensembles.map(({ model, explanation }) => `<li>${xml(model)}: ${xml(explanation)}</li>`);
  return `<h2>Ensembles</h2><ul>${items.join("")}</ul>`;
}

function forest(summary: RunSummary): string {
  const all = ranked(summary);
  const low = Math.min(...all.map((v) => v.interval[0]));
  const high = Math.max(...all.map((v) => v.interval[1]));
  const span = Math.max(0.01, high - low);
  const x = (value: number) => 260 + ((value - low) / span) * 400;
  const line = (v: VariantSummary, i: number) => {
    const y = 24 + i * 24;
    return `<text x="250" y="${y + 4}" text-anchor="end">${xml(v.layout)}</text><line x1="${x(v.interval[0])}" x2="${x(v.interval[1])}" y1="${y}" y2="${y}"/><circle cx="${x(v.accuracy)}" cy="${y}" r="4"/>`;
  };
  const height = 24 * all.length + 40;
  return `<h2>Accuracy with intervals</h2><svg role="img" aria-label="Accuracy of each variant with its interval; the same numbers stand in the leaderboard" viewBox="0 0 700 ${height}" width="700">${all.map(line).join("")}<text x="260" y="${height - 4}" text-anchor="middle">${percent(low)}</text><text x="660" y="${height - 4}" text-anchor="middle">${percent(high)}</text></svg>`;
}

const style = `body{font:15px/1.5 system-ui,sans-serif;color:#1b1f24;background:#fff;margin:0}main{max-width:72rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #d0d7de;vertical-align:top}.n{text-align:right;font-variant-numeric:tabular-nums}
.verdict{font-size:1.15rem;font-weight:600}.note{color:#57606a}tr.won td:first-child{font-weight:700}tr.dropped{color:#57606a}pre{white-space:pre-wrap;margin:0;max-width:40rem}
svg line{stroke:#1f6feb;stroke-width:2}svg circle{fill:#1f6feb}svg text{font-size:13px;fill:currentColor}footer{margin-top:2rem;color:#57606a}
@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}th,td{border-color:#30363d}}`;

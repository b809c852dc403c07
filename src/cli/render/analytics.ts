import { analyticsSections, type RunAnalytics } from "../../engine/report/analytics.ts";
import { table } from "./table.ts";

/** Everything that was worked out of a run, a section each. */
export function analyticsText(found: RunAnalytics): string {
  return analyticsSections(found)
    .map(({ title, columns, rows, lines }) =>
      [title, ...(rows.length === 0 ? [] : [table(columns, rows)]), ...lines].join("\n"),
    )
    .join("\n\n");
}

import type { DoctorReport } from "../../engine/api.ts";
import { cell } from "./markdown.ts";

const signs = { ok: "✓", absent: "–", problem: "✗" } as const;

/** What works here and what does not, as Markdown. */
export function doctorReport({ ok, checks }: DoctorReport): string {
  return [
    "# Doctor",
    "",
    ok ? "Everything that is needed works." : "Something needs attention.",
    "",
    "| | | | |",
    "|:-:|---|---|---|",
    ...checks.map(
      (check) =>
        `| ${signs[check.state]} | ${cell(check.name)} | ${cell(check.detail)} | ${cell(check.action ?? "")} |`,
    ),
    "",
  ].join("\n");
}

import { exportRow } from "./rows.ts";
import type { ReportSource } from "./write.ts";

/**
 * JUnit XML: one suite a variant, one case a trial, so that a CI page lists what failed. A wrong answer is a failure, a trial
 * that could not be had an error. Suites are told apart by `classname`, as trials stream in row order.
 */
export async function* junitReport(source: ReportSource, counted: () => void): AsyncGenerator<string> {
  const { record, summary } = source;
  const trials = summary.variants.reduce((sum, variant) => sum + variant.trials, 0);
  yield `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="${xml(summary.name)}" tests="${trials}">\n`;
  yield `<testsuite name="${xml(summary.name)}" timestamp="${summary.createdAt}" time="${(summary.durationMs / 1000).toFixed(3)}">\n`;
  yield `<properties><property name="verdict" value="${xml(summary.verdict.explanation)}"/></properties>\n`;
  for await (const trial of source.trials()) {
    counted();
    const row = exportRow(record, trial);
    const time = ((row.latency_ms ?? 0) / 1000).toFixed(3);
    const repeat = row.repeat === 0 ? "" : ` (repeat ${row.repeat + 1})`;
    const open = `<testcase classname="${xml(row.variant)}" name="${xml(`row ${row.row}, ${row.example}${repeat}`)}" time="${time}"`;
    const said = xml(`expected ${row.expected ?? "nothing"}, got ${row.prediction ?? row.error ?? "no answer"}`);
    if (row.state === "void") yield `${open}><error message="${xml(row.error ?? "no answer")}"/></testcase>\n`;
    else if ((row.score ?? 0) < 1)
      yield `${open}><failure message="${said}">${xml(row.output ?? "")}</failure></testcase>\n`;
    else yield `${open}/>\n`;
  }
  yield "</testsuite>\n</testsuites>\n";
}

/** Text that is safe inside XML, control characters that XML 1.0 forbids left out. */
export function xml(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are exactly the characters XML cannot hold.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
  );
}

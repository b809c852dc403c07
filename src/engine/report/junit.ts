import { exportRow } from "./rows.ts";
import type { ReportSource } from "./write.ts";

/**
 * JUnit XML for a build server. Only what should turn a build red is a failure or an error: an `assert` that does not hold, and a
 * run that did not come to its end. A wrong answer is what the experiment measures: it is listed as skipped, as test frameworks
 * report failures that were to be expected, and so is a trial that could not be had. Trials stream in row order, so variants are
 * told apart by `classname`.
 */
export async function* junitReport(source: ReportSource, counted: () => void): AsyncGenerator<string> {
  const { record, summary } = source;
  const asserted = await source.asserted();
  const trials = summary.variants.reduce((sum, variant) => sum + variant.trials, 0);
  const checks = asserted === undefined ? 1 : 2;
  const failures = asserted?.passed === false ? 1 : 0;
  const errors = summary.status === "finished" ? 0 : 1;
  const counts = `failures="${failures}" errors="${errors}"`;
  const suite = `timestamp="${summary.createdAt}" time="${(summary.durationMs / 1000).toFixed(3)}"`;
  const name = xml(summary.name);
  yield `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="${name}" tests="${trials + checks}" ${counts}>\n`;
  yield `<testsuite name="${name}: checks" tests="${checks}" ${counts} ${suite}>\n`;
  yield `<properties><property name="verdict" value="${xml(summary.verdict.explanation)}"/></properties>\n`;
  yield check(name, "run", errors === 0 ? "" : `<error message="${xml(summary.stopped.reason)}"/>`);
  if (asserted !== undefined)
    yield check(name, "assert", asserted.passed ? "" : `<failure message="${xml(asserted.message)}"/>`);
  yield `</testsuite>\n<testsuite name="${name}: answers" tests="${trials}" failures="0" errors="0" ${suite}>\n`;
  for await (const trial of source.trials()) {
    counted();
    const row = exportRow(record, trial);
    const time = ((row.latency_ms ?? 0) / 1000).toFixed(3);
    const repeat = row.repeat === 0 ? "" : ` (repeat ${row.repeat + 1})`;
    const open = `<testcase classname="${xml(row.variant)}" name="${xml(`row ${row.row}, ${row.example}${repeat}`)}" time="${time}"`;
    const said = xml(`expected ${row.expected ?? "nothing"}, got ${row.prediction ?? row.error ?? "no answer"}`);
    if (row.state === "void")
      yield `${open}><skipped type="unanswered" message="${xml(row.error ?? "no answer")}"/></testcase>\n`;
    else if ((row.score ?? 0) < 1)
      yield `${open}><skipped type="wrong" message="${said}"/><system-out>${xml(row.output ?? "")}</system-out></testcase>\n`;
    else yield `${open}/>\n`;
  }
  yield "</testsuite>\n</testsuites>\n";
}

function check(suite: string, name: string, trouble: string): string {
  return `<testcase classname="${suite}" name="${name}" time="0">${trouble}</testcase>\n`;
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

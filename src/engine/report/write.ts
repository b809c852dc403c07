import { writeWhole } from "../../base/node/wholeFile.ts";
import type { Asserted, ExportFormat } from "../api.ts";
import type { RunSummary } from "../runner/events.ts";
import type { RunRecord, TrialRow } from "../store/store.ts";
import type { RunAnalytics } from "./analytics.ts";
import { htmlReport } from "./html.ts";
import { junitReport } from "./junit.ts";
import { markdownReport } from "./markdown.ts";
import { csvField, exportColumns, exportRow } from "./rows.ts";

/** What an export is made from. Trials are streamed: a large run never stands in memory. */
export interface ReportSource {
  readonly record: RunRecord;
  readonly summary: RunSummary;
  trials(): AsyncIterable<TrialRow>;
  /** How the run stands against its experiment's `assert`; undefined without one. */
  asserted(): Promise<Asserted | undefined>;
  /** Worked out for the formats that are read by people only. */
  analytics(): Promise<RunAnalytics>;
}

/** Writes the document, all of it or nothing; gives the number of trials in it. */
export async function writeReport(source: ReportSource, format: ExportFormat, file: string): Promise<number> {
  let rows = 0;
  await writeWhole(
    file,
    chunks(source, format, () => rows++),
  );
  return rows;
}

async function* chunks(source: ReportSource, format: ExportFormat, counted: () => void): AsyncGenerator<string> {
  const { record, summary } = source;
  switch (format) {
    case "csv":
      // The mark makes spreadsheets read the text as UTF-8.
      yield `\ufeff${exportColumns.join(",")}\r\n`;
      for await (const trial of source.trials()) {
        counted();
        const row = exportRow(record, trial);
        yield `${exportColumns.map((column) => csvField(row[column])).join(",")}\r\n`;
      }
      return;
    case "jsonl":
      for await (const trial of source.trials()) {
        counted();
        yield `${JSON.stringify(exportRow(record, trial))}\n`;
      }
      return;
    case "replay.jsonl":
      for await (const trial of source.trials()) {
        if (trial.rawResponse === undefined) continue;
        counted();
        yield `${JSON.stringify(replayLine(record, trial))}\n`;
      }
      return;
    case "json":
      yield `${JSON.stringify(summary, null, 2).slice(0, -2)},\n  "trials": [`;
      {
        let first = true;
        for await (const trial of source.trials()) {
          counted();
          yield `${first ? "" : ","}\n    ${JSON.stringify(exportRow(record, trial))}`;
          first = false;
        }
        yield "\n  ]\n}\n";
      }
      return;
    case "md":
      yield markdownReport(summary, await source.analytics());
      return;
    case "html":
      yield* htmlReport(source, counted);
      return;
    case "junit.xml":
      yield* junitReport(source, counted);
  }
}

/** A line of the replay format, by which another run can use this one's answers. */
function replayLine(record: RunRecord, trial: TrialRow) {
  const row = exportRow(record, trial);
  const { parameters } = record.variants[trial.variant] ?? { parameters: {} };
  return {
    example: row.example,
    layout: row.layout,
    model: row.model.replace(/^replay:.*#/, ""),
    output: row.output,
    ...(trial.repeat === 0 ? {} : { repeat: trial.repeat }),
    ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
    ...defined({
      prompt_tokens: row.prompt_tokens,
      completion_tokens: row.completion_tokens,
      latency_ms: row.latency_ms,
      confidence: row.confidence,
      expected: row.expected,
      // Where the right answer is known, whoever plays this again scores it; a score would stand in the way.
      correct: row.expected === null ? row.score : null,
    }),
  };
}

function defined(values: Readonly<Record<string, string | number | null>>) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

import { html, nothing, type TemplateResult } from "lit";
import type { TimelineReport } from "../../../engine/analysis/timeline.ts";
import { chartFrame } from "../../shared/charts/chartFrame.ts";
import { xyChart } from "../../shared/charts/xyChart.ts";
import { csvText } from "../../shared/csv.ts";
import { compact, count, duration, milliseconds } from "../../shared/format.ts";
import { scrollBox } from "../../shared/scrollBox.ts";
import type { ResultsContext } from "../context.ts";
import { reportView } from "../reportView.ts";

interface Line {
  readonly label: string;
  readonly key: string;
  readonly values: readonly (number | null)[];
}

interface TimeChart {
  readonly name: string;
  readonly title: string;
  readonly axis: string;
  readonly note?: string;
  readonly format: (value: number) => string;
  readonly lines: readonly Line[];
}

const gigabyte = 2 ** 30;

/** How the requests went over the run's time. */
export function timelineView(context: ResultsContext): TemplateResult {
  return reportView(context, "timeline", "Reading the requests…", (timeline) => draw(context, timeline));
}

function draw(context: ResultsContext, timeline: TimelineReport): TemplateResult {
  if (timeline.steps < 2) return html``;
  const charts = chartsOf(timeline).filter(({ lines }) =>
    lines.some(({ values }) => values.some((value) => (value ?? 0) > 0)),
  );
  return html`<section class="section" aria-labelledby="over-time">
    <h2 id="over-time">Over the run’s time</h2>
    <p class="muted">Requests by when they ended, in steps of ${step(timeline.stepMs)}.</p>
    <div class="charts">${charts.map((chart) => timeChart(context, timeline, chart))}</div>
  </section>`;
}

function chartsOf(timeline: TimelineReport): readonly TimeChart[] {
  const perSecond = (values: readonly number[]) => values.map((value) => (value * 1000) / timeline.stepMs);
  const small = (value: number) => (value >= 10 || Number.isInteger(value) ? count(value) : value.toFixed(1));
  return [
    {
      name: "throughput",
      title: "Requests a second",
      axis: "requests a second",
      format: small,
      lines: [
        { label: "answered by a call", key: "answered", values: perSecond(timeline.answered) },
        { label: "from cache or file", key: "reused", values: perSecond(timeline.reused) },
        { label: "failed", key: "failed", values: perSecond(timeline.failed) },
      ],
    },
    {
      name: "latency",
      title: "Latency of calls",
      axis: "time of a call",
      format: milliseconds,
      lines: withinLines(timeline.latencyP50, timeline.latencyP95),
    },
    {
      name: "queue-wait",
      title: "Waiting in the queue",
      axis: "wait before a call",
      format: milliseconds,
      lines: withinLines(timeline.queuedP50, timeline.queuedP95),
    },
    {
      name: "tokens",
      title: "Tokens a second",
      axis: "tokens a second",
      format: compact,
      lines: [
        { label: "prompt", key: "prompt", values: perSecond(timeline.promptTokens) },
        { label: "of it served from a prefix cache", key: "cached", values: perSecond(timeline.cachedTokens) },
        { label: "answer", key: "answer", values: perSecond(timeline.completionTokens) },
      ],
    },
    {
      name: "graphics-memory",
      title: "Graphics memory",
      axis: "gigabytes in use",
      format: (value) => value.toFixed(1),
      lines: timeline.cards.map(({ device, totalBytes, usedBytes }) => ({
        label: totalBytes === undefined ? device : `${device}, of ${(totalBytes / gigabyte).toFixed(0)} GB`,
        key: `${device}_gb`,
        values: usedBytes.map((bytes) => (bytes === null ? null : bytes / gigabyte)),
      })),
    },
  ];
}

function withinLines(p50: Line["values"], p95: Line["values"]): readonly Line[] {
  return [
    { label: "half within (p50)", key: "p50_ms", values: p50 },
    { label: "nearly all within (p95)", key: "p95_ms", values: p95 },
  ];
}

function timeChart(context: ResultsContext, timeline: TimelineReport, chart: TimeChart): TemplateResult {
  const seconds = (i: number) => ((i + 0.5) * timeline.stepMs) / 1000;
  const shown = chart.lines.filter(({ values }) => values.some((value) => (value ?? 0) > 0));
  const at = (i: number) => clock(Math.round((i * timeline.stepMs) / 1000));
  return chartFrame({
    title: chart.title,
    name: chart.name,
    draw: (width) =>
      xyChart({
        label: `${chart.title} over the run’s time; the table below has the numbers`,
        series: shown.map(({ label, values }) => ({
          label,
          bare: true,
          points: values.map((y, i) => ({ x: seconds(i), y })),
        })),
        width,
        height: 210,
        xAxis: "minutes and seconds since the start",
        yAxis: chart.axis,
        formatX: clock,
        formatY: chart.format,
        xSteps: clockSteps,
        xDomain: [0, (timeline.steps * timeline.stepMs) / 1000],
      }),
    table: html`<div class="table-scroll long-table" ${scrollBox(chart.title)}>
      <table class="table compact">
        <thead>
          <tr><th scope="col">From</th>${shown.map(({ label }) => html`<th scope="col" class="number">${label}</th>`)}</tr>
        </thead>
        <tbody>
          ${Array.from(
            { length: timeline.steps },
            (_, i) => html`<tr>
              <th scope="row">${at(i)}</th>
              ${shown.map(({ values }) => html`<td class="number">${(values[i] ?? null) === null ? nothing : chart.format(values[i] as number)}</td>`)}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`,
    csv: () =>
      csvText(
        ["from_ms", ...chart.lines.map(({ key }) => key)],
        Array.from({ length: timeline.steps }, (_, i) => [
          i * timeline.stepMs,
          ...chart.lines.map(({ values }) => values[i]),
        ]),
      ),
    onSave: context.save,
  });
}

/** Seconds. */
const clockSteps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400];

function step(ms: number): string {
  return ms < 1000 ? milliseconds(ms) : duration(ms);
}

/** 135 -> "2:15"; a part of a second where steps are that short. */
function clock(seconds: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  if (!Number.isInteger(seconds)) return seconds.toFixed(1);
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes}:${two(seconds % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

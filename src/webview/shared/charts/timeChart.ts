import "./validLanguage.ts";
import { html, type PropertyValues, type TemplateResult } from "lit";
import uPlot from "uplot";
import { PanelElement } from "../panelElement.ts";
import { lineStyle, themeColour } from "./palette.ts";

export interface ChartLine {
  readonly label: string;
  readonly values: readonly (number | null)[];
}

const height = 150;
/** Steps between marks of the time axis, in seconds: parts of one would all be written alike. */
const wholeSeconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 86_400];

/** Lines over the run's time, on a canvas. It is rebuilt when its lines or the theme change, and only fed otherwise. */
export class TimeChart extends PanelElement {
  static override properties = {
    label: {},
    at: { attribute: false },
    lines: { attribute: false },
    scale: { attribute: false },
    fromZero: { attribute: false },
  };

  declare label: string;
  /** Milliseconds. */
  declare at: readonly number[];
  declare lines: readonly ChartLine[];
  /** What values are multiplied with to be shown. */
  declare scale: number;
  declare fromZero: boolean;

  #plot: uPlot | undefined;
  #built = "";
  readonly #resized = new ResizeObserver(() => this.#fit());
  readonly #themed = new MutationObserver(() => this.#rebuild());

  constructor() {
    super();
    this.label = "";
    this.at = [];
    this.lines = [];
    this.scale = 1;
    this.fromZero = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resized.observe(this);
    this.#themed.observe(document.body, { attributes: true, attributeFilter: ["class"] });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resized.disconnect();
    this.#themed.disconnect();
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  protected override render(): TemplateResult {
    return html`<div class="time-chart" role="img" aria-label=${this.label}></div>`;
  }

  protected override updated(_changed: PropertyValues): void {
    const labels = this.lines.map((line) => line.label).join("\n");
    if (this.#plot === undefined || labels !== this.#built) this.#rebuild();
    else this.#plot.setData(this.#data());
  }

  #rebuild(): void {
    const place = this.querySelector<HTMLElement>(".time-chart");
    if (place === null) return;
    this.#plot?.destroy();
    this.#built = this.lines.map((line) => line.label).join("\n");
    const text = themeColour("--vscode-descriptionForeground");
    const grid = themeColour("--vscode-charts-lines");
    const font = `11px ${getComputedStyle(document.body).fontFamily}`;
    const axis = { stroke: text, font, grid: { stroke: grid, width: 0.3 }, ticks: { show: false } };
    this.#plot = new uPlot(
      {
        width: Math.max(120, this.clientWidth),
        height,
        legend: {
          show: this.lines.length > 1,
          live: false,
          markers: { dash: (_plot, index) => (lineStyle(index - 1).dash.length === 0 ? "solid" : "dashed") },
        },
        cursor: { show: false },
        scales: {
          x: { time: false },
          y: this.fromZero ? { range: (_plot, _low, high) => [0, Math.max(1, high * 1.1)] } : {},
        },
        axes: [
          { ...axis, size: 24, incrs: wholeSeconds, values: (_plot, ticks) => ticks.map(clock) },
          { ...axis, size: 40 },
        ],
        series: [
          {},
          ...this.lines.map(({ label }, index): uPlot.Series => {
            const style = lineStyle(index);
            return {
              label,
              stroke: themeColour(style.variable),
              width: 1.5,
              dash: [...style.dash],
              points: { show: false },
            };
          }),
        ],
      },
      this.#data(),
      place,
    );
  }

  #data(): uPlot.AlignedData {
    const seconds = this.at.map((ms) => ms / 1000);
    const columns = this.lines.map(({ values }) =>
      seconds.map((_, i) => {
        const value = values[i];
        return value === null || value === undefined ? null : value * this.scale;
      }),
    );
    return [seconds, ...columns];
  }

  #fit(): void {
    this.#plot?.setSize({ width: Math.max(120, this.clientWidth), height });
  }
}

/** Seconds as a clock shows them, short enough for an axis: 135 -> "2:15". */
function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${two(whole % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

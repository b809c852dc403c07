import { html, nothing, type TemplateResult } from "lit";
import { iconButton } from "../button.ts";
import { svgText } from "./svgText.ts";

/** A chart with its name, its twin as a table, and both as files. */
export function chartFrame(options: {
  readonly title: string;
  /** File name without ending. */
  readonly name: string;
  readonly note?: string;
  readonly controls?: TemplateResult;
  readonly draw: (width: number) => TemplateResult;
  readonly table: TemplateResult;
  readonly csv: () => string;
  readonly onSave: (name: string, text: string) => void;
}): TemplateResult {
  const { name, onSave } = options;
  return html`<figure class="chart" id="chart-${name}" aria-labelledby="chart-${name}-title">
    <figcaption class="section-head">
      <h3 id="chart-${name}-title">${options.title}</h3>
      ${options.controls ?? nothing}
      ${iconButton({
        icon: "graph",
        label: `Save “${options.title}” as SVG`,
        onClick: () => {
          const drawing = document.querySelector<SVGSVGElement>(`#chart-${name} svg`);
          if (drawing !== null) onSave(`${name}.svg`, svgText(drawing));
        },
      })}
      ${iconButton({
        icon: "table",
        label: `Save “${options.title}” as CSV`,
        onClick: () => onSave(`${name}.csv`, options.csv()),
      })}
    </figcaption>
    ${options.note === undefined ? nothing : html`<p class="muted">${options.note}</p>`}
    <sized-chart .draw=${options.draw}></sized-chart>
    <details>
      <summary>As a table</summary>
      ${options.table}
    </details>
  </figure>`;
}

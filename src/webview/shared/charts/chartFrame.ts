import { html, nothing, type TemplateResult } from "lit";
import { iconButton } from "../button.ts";
import { pngText } from "./pngText.ts";
import { svgText } from "./svgText.ts";

/** A file that a chart or a table becomes. */
export type OnSave = (name: string, text: string | Promise<string>, encoding?: "base64") => void;

/** A chart with its name, its twin as a table, and all of it as files. */
export function chartFrame(options: {
  readonly title: string;
  /** File name without ending. */
  readonly name: string;
  readonly note?: string;
  readonly controls?: TemplateResult;
  readonly draw: (width: number) => TemplateResult;
  readonly table: TemplateResult;
  readonly csv: () => string;
  readonly onSave: OnSave;
}): TemplateResult {
  const { name, title, onSave } = options;
  const drawing = () => document.querySelector<SVGSVGElement>(`#chart-${CSS.escape(name)} svg`);
  return html`<figure class="chart" id="chart-${name}" aria-labelledby="chart-${name}-title">
    <figcaption class="section-head">
      <h3 id="chart-${name}-title">${title}</h3>
      ${options.controls ?? nothing}
      <span class="chart-files">
        ${iconButton({
          icon: "graph",
          label: `Save “${title}” as SVG`,
          onClick: () => {
            const drawn = drawing();
            if (drawn !== null) onSave(`${name}.svg`, svgText(drawn));
          },
        })}
        ${iconButton({
          icon: "file-media",
          label: `Save “${title}” as PNG`,
          onClick: () => {
            const drawn = drawing();
            if (drawn === null) return;
            const { width, height } = drawn.getBoundingClientRect();
            onSave(`${name}.png`, pngText(svgText(drawn), width, height), "base64");
          },
        })}
        ${iconButton({
          icon: "table",
          label: `Save “${title}” as CSV`,
          onClick: () => onSave(`${name}.csv`, options.csv()),
        })}
      </span>
    </figcaption>
    ${options.note === undefined ? nothing : html`<p class="muted">${options.note}</p>`}
    <sized-chart .draw=${options.draw}></sized-chart>
    <details>
      <summary>As a table</summary>
      ${options.table}
    </details>
  </figure>`;
}

import { html, nothing, type TemplateResult } from "lit";
import type { PreviewModel } from "../../engine/preview/preview.ts";
import type { PreviewSelection } from "../../protocol/previewPanel.ts";
import { button, iconButton } from "../shared/button.ts";
import { count } from "../shared/format.ts";
import { menuButton } from "../shared/menu.ts";

const alone = "";

/** Which example, which model, and what can be done with the prompt. */
export function toolbar(options: {
  readonly preview: PreviewModel;
  readonly selection: PreviewSelection;
  readonly onChange: (change: Partial<PreviewSelection>) => void;
  readonly onDiff: (layout: string) => void;
  readonly onCopy: () => void;
  readonly onRun: () => void;
}): TemplateResult {
  const { preview, selection, onChange } = options;
  const others = preview.layouts.filter((name) => name !== selection.layout);
  return html`<div class="toolbar" role="toolbar" aria-label="Preview">
    ${stepper(options)}
    ${
      preview.models.length === 0
        ? nothing
        : html`<label class="field"
            >Model
            <select
              id="model"
              .value=${selection.model ?? preview.model ?? ""}
              @change=${(event: Event) => onChange({ model: (event.target as HTMLSelectElement).value })}
            >
              ${preview.models.map(
                (model) =>
                  html`<option value=${model} ?selected=${model === (selection.model ?? preview.model)}>${model}</option>`,
              )}
            </select></label
          >`
    }
    <span class="spacer"></span>
    ${menuButton({
      id: "beside",
      label: selection.beside === undefined ? "Side by Side" : `Beside ${selection.beside}`,
      icon: "split-horizontal",
      items: [
        { id: alone, label: "One layout", checked: selection.beside === undefined },
        ...others.map((name) => ({ id: name, label: name, checked: name === selection.beside })),
      ],
      onPick: (id) => onChange({ beside: id === alone ? undefined : id }),
    })}
    ${menuButton({
      id: "diff",
      label: "Diff with…",
      icon: "diff",
      items: others.map((name) => ({ id: name, label: name })),
      onPick: options.onDiff,
    })}
    ${iconButton({ icon: "copy", label: "Copy prompt", onClick: options.onCopy })}
    ${button({ icon: "play", label: "Run", primary: true, onClick: options.onRun })}
  </div>`;
}

function stepper({
  preview,
  selection,
  onChange,
}: {
  readonly preview: PreviewModel;
  readonly selection: PreviewSelection;
  readonly onChange: (change: Partial<PreviewSelection>) => void;
}): TemplateResult {
  const { count: total } = preview.example;
  const at = Math.min(selection.example, total - 1);
  const onIndex = (event: Event) => {
    const input = event.target as HTMLInputElement;
    const wanted = Math.min(Math.max(1, Math.round(input.valueAsNumber || 1)), total);
    input.value = String(wanted);
    onChange({ example: wanted - 1 });
  };
  return html`<div class="stepper" role="group" aria-label="Example">
    ${iconButton({ icon: "chevron-left", label: "Previous example (←)", disabled: at <= 0, onClick: () => onChange({ example: at - 1 }) })}
    <label class="field"
      >Example
      <input
        id="example"
        type="number"
        min="1"
        max=${total}
        .value=${String(at + 1)}
        @change=${onIndex}
      /></label
    ><span class="muted">of ${count(total)}</span>
    ${iconButton({ icon: "chevron-right", label: "Next example (→)", disabled: at >= total - 1, onClick: () => onChange({ example: at + 1 }) })}
  </div>`;
}

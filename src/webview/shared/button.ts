import { html, nothing, type TemplateResult } from "lit";
import { icon } from "./icon.ts";

export function iconButton(options: {
  readonly icon: string;
  readonly label: string;
  readonly onClick: () => void;
  readonly disabled?: boolean;
  readonly pressed?: boolean;
}): TemplateResult {
  return html`<button
    type="button"
    class="icon-button"
    title=${options.label}
    aria-label=${options.label}
    aria-pressed=${options.pressed === undefined ? nothing : String(options.pressed)}
    ?disabled=${options.disabled ?? false}
    @click=${options.onClick}
  >${icon(options.icon)}</button>`;
}

export function button(options: {
  readonly label: string;
  readonly onClick: () => void;
  readonly icon?: string;
  readonly primary?: boolean;
  readonly disabled?: boolean;
  readonly title?: string;
}): TemplateResult {
  return html`<button
    type="button"
    class=${options.primary === true ? "button primary" : "button"}
    title=${options.title ?? nothing}
    ?disabled=${options.disabled ?? false}
    @click=${options.onClick}
  >${options.icon === undefined ? "" : icon(options.icon)}${options.label}</button>`;
}

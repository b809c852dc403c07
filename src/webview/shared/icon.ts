import { html, type TemplateResult } from "lit";

/** A codicon; decoration only, whatever it means is also said in words. */
export function icon(name: string): TemplateResult {
  return html`<i class="codicon codicon-${name}" aria-hidden="true"></i>`;
}

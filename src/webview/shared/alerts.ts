import { html, nothing, type TemplateResult } from "lit";
import type { Alert } from "../../engine/analysis/alerts.ts";
import { banner } from "./notice.ts";

/** What was out of bounds in a run: one calm notice, however many there are. */
export function alertNotice(alerts: readonly Alert[] | undefined): TemplateResult | typeof nothing {
  if (alerts === undefined || alerts.length === 0) return nothing;
  const lines = alerts.map(({ message, action }) => html`<li>${capital(message)}: ${action}.</li>`);
  return banner("warning", html`<ul class="alerts" aria-label="Alerts">${lines}</ul>`);
}

/** A sentence begins with a capital; the name of a model stays as it is. */
function capital(message: string): string {
  return /^[a-z]+ /.test(message) ? message.charAt(0).toUpperCase() + message.slice(1) : message;
}

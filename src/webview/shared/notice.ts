import { html, nothing, type TemplateResult } from "lit";
import { UserError } from "../../base/errors.ts";
import { icon } from "./icon.ts";

const icons = { info: "info", warning: "warning", error: "error" } as const;

/** A line or two across the panel, beside what it concerns; never in its way. */
export function banner(kind: keyof typeof icons, content: unknown, action?: TemplateResult): TemplateResult {
  return html`<div class="banner ${kind}" role=${kind === "error" ? "alert" : "status"}>
    ${icon(icons[kind])}
    <div class="banner-text">${content}</div>
    ${action ?? nothing}
  </div>`;
}

/** Stands where content would: nothing here yet, and what to do about it. */
export function emptyState(options: {
  readonly icon: string;
  readonly title: string;
  readonly text?: string;
  readonly action?: TemplateResult;
}): TemplateResult {
  return html`<div class="empty">
    ${icon(options.icon)}
    <p class="empty-title">${options.title}</p>
    ${options.text === undefined ? nothing : html`<p class="empty-text">${options.text}</p>`}
    ${options.action ?? nothing}
  </div>`;
}

export function loading(what: string): TemplateResult {
  return html`<div class="loading" role="status">
    <div class="loading-bar" aria-hidden="true"></div>
    <span>${what}</span>
  </div>`;
}

/** What went wrong, for a person: what is wrong and what to do. */
export function lineOf(error: unknown): string {
  if (error instanceof UserError) return `${capitalised(error.message)}: ${error.action}.`.replace("..", ".");
  return error instanceof Error ? error.message : String(error);
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

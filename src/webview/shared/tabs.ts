import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";

export interface Tab {
  readonly id: string;
  readonly label: string;
  /** Shown after the label, such as a count. */
  readonly badge?: string;
}

export interface TabListOptions {
  readonly name: string;
  readonly label: string;
  readonly tabs: readonly Tab[];
  readonly selected: string;
  readonly onSelect: (id: string) => void;
}

/**
 * Tabs after the ARIA pattern: one stop for the Tab key, arrows move and choose. The panel they control has the id
 * `<name>-panel` and says `aria-labelledby=<name>-tab-<id>`.
 */
export function tabList(options: TabListOptions): TemplateResult {
  const { name, tabs, selected, onSelect } = options;
  const move = (event: KeyboardEvent) => {
    const at = tabs.findIndex((tab) => tab.id === selected);
    const to = tabs[targetOf(event.key, at, tabs.length) ?? -1];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    onSelect(to.id);
    const list = event.currentTarget as HTMLElement;
    list.querySelector<HTMLElement>(`#${CSS.escape(tabId(name, to.id))}`)?.focus();
  };
  return html`<div class="tabs" role="tablist" aria-label=${options.label} @keydown=${move}>
    ${repeat(
      tabs,
      (tab) => tab.id,
      (tab) => html`<button
        type="button"
        role="tab"
        class="tab"
        id=${tabId(name, tab.id)}
        aria-selected=${tab.id === selected}
        aria-controls="${name}-panel"
        tabindex=${tab.id === selected ? 0 : -1}
        @click=${() => onSelect(tab.id)}
      >${tab.label}${tab.badge === undefined ? nothing : html`<span class="tab-badge">${tab.badge}</span>`}</button>`,
    )}
  </div>`;
}

/** Where tabs do not all fit, the selected one is among those seen. */
export function showSelectedTab(panel: HTMLElement): void {
  const tab = panel.querySelector("[role=tab][aria-selected=true]");
  tab?.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
}

export function tabId(name: string, id: string): string {
  return `${name}-tab-${id.replace(/[^\w-]/g, "_")}`;
}

function targetOf(key: string, at: number, length: number): number | undefined {
  switch (key) {
    case "ArrowRight":
      return (at + 1) % length;
    case "ArrowLeft":
      return (at - 1 + length) % length;
    case "Home":
      return 0;
    case "End":
      return length - 1;
    default:
      return undefined;
  }
}

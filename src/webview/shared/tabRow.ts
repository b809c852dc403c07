import { type ElementPart, html, noChange, type TemplateResult } from "lit";
import { AsyncDirective } from "lit/async-directive.js";
import { directive, type PartInfo, PartType } from "lit/directive.js";
import { menuButton } from "./menu.ts";
import { type TabListOptions, tabList } from "./tabs.ts";

/** Tabs, and behind them a list of all of them for as long as they do not all fit. */
export function tabRow(options: TabListOptions): TemplateResult {
  return html`<div class="tab-row" ${markOverflow()}>
    ${tabList(options)}
    ${menuButton({
      id: `${options.name}-tabs`,
      label: "More",
      items: options.tabs.map(({ id, label }) => ({ id, label, checked: id === options.selected })),
      onPick: options.onSelect,
    })}
  </div>`;
}

/** Says on the row whether its tabs are wider than it; with the list there they have less room, which must not count. */
class MarkOverflow extends AsyncDirective {
  #row: HTMLElement | undefined;
  readonly #observer = new ResizeObserver(() => this.#look());

  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ELEMENT) throw new Error("markOverflow stands in an element's tag");
  }

  override render(): typeof noChange {
    return noChange;
  }

  override update(part: ElementPart): typeof noChange {
    this.#row = part.element as HTMLElement;
    // The tabs of this picture are there once it is drawn.
    requestAnimationFrame(() => this.#observe());
    return noChange;
  }

  protected override disconnected(): void {
    this.#observer.disconnect();
  }

  protected override reconnected(): void {
    this.#observe();
  }

  #observe(): void {
    if (this.#row === undefined || !this.isConnected) return;
    this.#observer.observe(this.#row);
    for (const tab of this.#row.querySelectorAll("[role=tab]")) this.#observer.observe(tab);
  }

  #look(): void {
    const row = this.#row;
    const tabs = row?.querySelectorAll<HTMLElement>("[role=tab]") ?? [];
    const [first, last] = [tabs[0], tabs[tabs.length - 1]];
    if (row === undefined || first === undefined || last === undefined) return;
    const { paddingLeft, paddingRight } = getComputedStyle(row);
    const room = row.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight);
    const wide = last.offsetLeft + last.offsetWidth - first.offsetLeft;
    row.classList.toggle("is-overflowing", wide > room + 1);
  }
}

const markOverflow = directive(MarkOverflow);

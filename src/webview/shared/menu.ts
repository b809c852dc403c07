import { html, nothing, type TemplateResult } from "lit";
import { icon } from "./icon.ts";

export interface MenuItem {
  readonly id: string;
  readonly label: string;
  readonly checked?: boolean;
}

/** A button that opens a list of actions. The popover's own light dismiss and Escape close it. */
export function menuButton(options: {
  readonly id: string;
  readonly label: string;
  readonly icon?: string;
  readonly items: readonly MenuItem[];
  readonly onPick: (id: string) => void;
}): TemplateResult {
  const { id, items, onPick } = options;
  const checkable = items.some((item) => item.checked !== undefined);
  const first = Math.max(
    0,
    items.findIndex((item) => item.checked === true),
  );
  return html`<span class="menu-holder">
    <button
      type="button"
      class="button"
      id="${id}-button"
      popovertarget="${id}-menu"
      aria-haspopup="menu"
      ?disabled=${items.length === 0}
    >${options.icon === undefined ? nothing : icon(options.icon)}${options.label}${icon("chevron-down")}</button>
    <div
      id="${id}-menu"
      class="menu"
      popover
      role="menu"
      aria-labelledby="${id}-button"
      @toggle=${onToggle}
      @keydown=${onKeydown}
    >
      ${items.map(
        (item, index) => html`<button
          type="button"
          class="menu-item"
          role=${checkable ? "menuitemradio" : "menuitem"}
          aria-checked=${checkable ? String(item.checked === true) : nothing}
          tabindex="-1"
          ?autofocus=${index === first}
          @click=${(event: Event) => {
            menuOf(event).hidePopover();
            onPick(item.id);
          }}
        >${checkable ? html`<span class="menu-check">${item.checked === true ? icon("check") : nothing}</span>` : nothing}${item.label}</button>`,
      )}
    </div>
  </span>`;
}

function onToggle(event: ToggleEvent): void {
  const menu = event.currentTarget as HTMLElement;
  const opener = menu.parentElement?.querySelector<HTMLElement>("[popovertarget]");
  opener?.setAttribute("aria-expanded", String(event.newState === "open"));
}

function onKeydown(event: KeyboardEvent): void {
  const menu = event.currentTarget as HTMLElement;
  const items = itemsOf(menu);
  const at = items.indexOf(document.activeElement as HTMLElement);
  const to =
    event.key === "ArrowDown"
      ? (at + 1) % items.length
      : event.key === "ArrowUp"
        ? (at - 1 + items.length) % items.length
        : event.key === "Home"
          ? 0
          : event.key === "End"
            ? items.length - 1
            : undefined;
  event.stopPropagation();
  if (event.key === "Tab") menu.hidePopover();
  if (to === undefined) return;
  event.preventDefault();
  items[to]?.focus();
}

function itemsOf(menu: HTMLElement): HTMLElement[] {
  return [...menu.querySelectorAll<HTMLElement>(".menu-item")];
}

function menuOf(event: Event): HTMLElement {
  return (event.currentTarget as HTMLElement).closest<HTMLElement>("[popover]") as HTMLElement;
}

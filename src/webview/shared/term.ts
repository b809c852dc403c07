import { type ElementPart, html, noChange, type TemplateResult } from "lit";
import { Directive, type DirectiveParameters, directive, type PartInfo, PartType } from "lit/directive.js";

/** A pointer rests this long before it is told anything, as in the editor. */
const restMs = 400;

/** A word of the trade and what it means. */
export function term(label: string, meaning: string): TemplateResult {
  return html`<button type="button" class="term" ${explain(meaning)}>${label}</button>`;
}

/** Tells what a control means: on hover, on focus, and to screen readers. Escape hides it. */
class Explain extends Directive {
  #meaning = "";
  #element: HTMLElement | undefined;

  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ELEMENT) throw new Error("explain stands in an element's tag");
  }

  override render(_meaning: string | undefined): typeof noChange {
    return noChange;
  }

  override update(part: ElementPart, [meaning = ""]: DirectiveParameters<this>): typeof noChange {
    const element = part.element as HTMLElement;
    this.#meaning = meaning;
    if (meaning === "") element.removeAttribute("aria-description");
    else element.setAttribute("aria-description", meaning);
    if (this.#element === element) return noChange;
    this.#element = element;
    element.addEventListener("mouseenter", () => tip.after(restMs, element, this.#meaning));
    element.addEventListener("mouseleave", () => tip.leave());
    element.addEventListener("focus", () => {
      if (element.matches(":focus-visible")) tip.show(element, this.#meaning);
    });
    element.addEventListener("click", () => tip.show(element, this.#meaning));
    element.addEventListener("blur", () => tip.hide());
    return noChange;
  }
}

export const explain = directive(Explain);

/** The one box that meanings are shown in; above everything, so that no table that scrolls cuts it off. */
class Tip {
  #box: HTMLElement | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  after(ms: number, beside: HTMLElement, text: string): void {
    this.hide();
    this.#timer = setTimeout(() => this.show(beside, text), ms);
  }

  /** Time to move the pointer onto the box, to read it there. */
  leave(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#box?.matches(":hover") !== true) this.hide();
    }, 200);
  }

  show(beside: HTMLElement, text: string): void {
    this.hide();
    if (text === "" || !beside.isConnected) return;
    const box = this.#box ?? this.#made();
    box.textContent = text;
    box.showPopover();
    const { left, right, top, bottom } = beside.getBoundingClientRect();
    const { width, height } = box.getBoundingClientRect();
    const gap = 4;
    const x = Math.max(gap, Math.min((left + right - width) / 2, innerWidth - width - gap));
    const y = bottom + gap + height <= innerHeight ? bottom + gap : top - gap - height;
    box.style.setProperty("--x", `${Math.round(x)}px`);
    box.style.setProperty("--y", `${Math.round(y)}px`);
  }

  hide(): void {
    clearTimeout(this.#timer);
    if (this.#box?.matches(":popover-open") === true) this.#box.hidePopover();
  }

  #made(): HTMLElement {
    const box = document.createElement("div");
    box.className = "tip";
    box.popover = "manual";
    // The description of the control says the same.
    box.setAttribute("aria-hidden", "true");
    box.addEventListener("mouseleave", () => this.hide());
    document.body.append(box);
    addEventListener("scroll", () => this.hide(), { capture: true, passive: true });
    addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.hide();
    });
    this.#box = box;
    return box;
  }
}

const tip = new Tip();

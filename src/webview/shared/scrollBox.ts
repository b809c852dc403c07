import { type ElementPart, noChange } from "lit";
import { AsyncDirective } from "lit/async-directive.js";
import { directive, type PartInfo, PartType } from "lit/directive.js";

/** Makes a box that scrolls reachable by keyboard, for as long as it has something to scroll. */
class ScrollBox extends AsyncDirective {
  #box: HTMLElement | undefined;
  readonly #observer = new ResizeObserver(() => this.#look());

  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ELEMENT) throw new Error("scrollBox stands in an element's tag");
  }

  override render(_label: string): typeof noChange {
    return noChange;
  }

  override update(part: ElementPart, [label]: [string]): typeof noChange {
    const box = part.element as HTMLElement;
    if (this.#box !== box) {
      this.#box = box;
      this.#observe();
    }
    if (box.tagName === "DIV") box.setAttribute("role", "group");
    box.setAttribute("aria-label", label);
    return noChange;
  }

  protected override disconnected(): void {
    this.#observer.disconnect();
  }

  protected override reconnected(): void {
    this.#observe();
  }

  #observe(): void {
    if (this.#box === undefined) return;
    this.#observer.observe(this.#box);
    // The content may grow while the box keeps its size.
    for (const child of this.#box.children) this.#observer.observe(child);
  }

  #look(): void {
    const box = this.#box;
    if (box === undefined) return;
    if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.setAttribute("tabindex", "0");
    else box.removeAttribute("tabindex");
  }
}

export const scrollBox = directive(ScrollBox);

import { html, type TemplateResult } from "lit";
import { PanelElement } from "../panelElement.ts";

const least = 200;

/** Draws its chart at the width it has, so that text keeps its size. */
export class SizedChart extends PanelElement {
  static override properties = { draw: { attribute: false }, width: { state: true } };

  declare draw: ((width: number) => TemplateResult) | undefined;
  declare private width: number;
  readonly #observer = new ResizeObserver(([entry]) => {
    if (entry !== undefined) this.width = Math.max(least, Math.floor(entry.contentRect.width));
  });

  constructor() {
    super();
    this.width = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#observer.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer.disconnect();
  }

  protected override render(): TemplateResult {
    return this.width === 0 || this.draw === undefined ? html`` : this.draw(this.width);
  }
}

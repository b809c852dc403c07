import { LitElement } from "lit";

/**
 * A component that draws into the page itself. A panel is one small document: without shadow roots, ids, labels, the
 * icon font and one sheet of styles reach everything in it.
 */
export abstract class PanelElement extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this;
  }
}

/** Registers a component once; bundles share their modules, so the same class may come by again. */
export function define(name: string, component: CustomElementConstructor): void {
  if (customElements.get(name) === undefined) customElements.define(name, component);
}

import { type ElementPart, noChange } from "lit";
import { Directive, type DirectiveParameters, directive, type PartInfo, PartType } from "lit/directive.js";

/**
 * Sets custom properties on an element through its style object: a style attribute would need a policy that allows inline
 * styles.
 */
class CssVars extends Directive {
  #last: Readonly<Record<string, string | number>> = {};

  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ELEMENT) throw new Error("cssVars stands in an element's tag");
  }

  override render(_values: Readonly<Record<string, string | number>>): typeof noChange {
    return noChange;
  }

  override update(part: ElementPart, [values]: DirectiveParameters<this>): typeof noChange {
    const { style } = part.element as HTMLElement;
    for (const [name, value] of Object.entries(values)) {
      if (this.#last[name] !== value) style.setProperty(`--${name}`, String(value));
    }
    this.#last = values;
    return noChange;
  }
}

export const cssVars = directive(CssVars);

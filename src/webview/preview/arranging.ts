import { html, nothing, type TemplateResult } from "lit";
import type { Placing } from "../../engine/spec/declareLayout.ts";
import type { PartName } from "../../engine/spec/experiment.ts";
import { icon } from "../shared/icon.ts";
import type { Group } from "../shared/messageGroups.ts";
import { partTitles } from "../shared/parts.ts";
import { movedPart, type PartPlace, stepTarget } from "./arrange.ts";

/** What is arranged now. */
export interface Arranged {
  readonly placing: Placing;
  readonly places: ReadonlyMap<string, PartPlace>;
}

/** Moves the parts of a prompt by pointer and by key; what comes of it is a placing. */
export class Arranging {
  readonly #onArrange: (placing: Placing, part: PartName) => void;
  #now: Arranged | undefined;
  #dragged: { readonly from: PartPlace; readonly part: PartName } | undefined;
  #marked: Element | undefined;

  constructor(onArrange: (placing: Placing, part: PartName) => void) {
    this.#onArrange = onArrange;
  }

  show(arranged: Arranged): void {
    this.#now = arranged;
  }

  /** What a part is taken by. */
  grip(group: Group): TemplateResult | typeof nothing {
    const from = this.#now?.places.get(group.key);
    if (from === undefined) return nothing;
    const { part } = group;
    const label = `Move ${partTitles[part]}`;
    return html`<button
      type="button"
      class="grip"
      draggable="true"
      aria-label=${label}
      aria-keyshortcuts="Alt+ArrowUp Alt+ArrowDown Alt+Shift+ArrowUp Alt+Shift+ArrowDown"
      title="${label}: drag it, or press Alt+↑ or Alt+↓; with Shift, to the other message"
      @dragstart=${(event: DragEvent) => {
        this.#dragged = { from, part };
        event.dataTransfer?.setData("text/plain", partTitles[part]);
        rootOf(event)?.classList.add("is-arranging");
      }}
      @dragend=${(event: DragEvent) => this.#end(event)}
      @keydown=${(event: KeyboardEvent) => this.#onKey(event, from, part)}
    >${icon("gripper")}</button>`;
  }

  /** A place for the first part of a system message that is not there; shown while something is dragged. */
  emptySystem(): TemplateResult | typeof nothing {
    if (this.#now === undefined || this.#now.placing.system.length > 0) return nothing;
    return html`<div class="drop-system" data-drop="system">Drop here to begin a system message</div>`;
  }

  over(event: DragEvent): void {
    const target = this.#targetOf(event);
    this.#mark(target?.element, target?.after === true);
    if (target !== undefined) event.preventDefault();
  }

  drop(event: DragEvent): void {
    const target = this.#targetOf(event);
    const dragged = this.#dragged;
    this.#end(event);
    if (target === undefined || dragged === undefined) return;
    event.preventDefault();
    this.#move(dragged.from, target.place, dragged.part);
  }

  #end(event: DragEvent): void {
    this.#dragged = undefined;
    this.#mark(undefined, false);
    rootOf(event)?.classList.remove("is-arranging");
  }

  #onKey(event: KeyboardEvent, from: PartPlace, part: PartName): void {
    const step = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
    if (step === 0 || !event.altKey || this.#now === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.#move(from, stepTarget(this.#now.placing, from, step, event.shiftKey), part);
  }

  #move(from: PartPlace, to: PartPlace, part: PartName): void {
    const placing = this.#now && movedPart(this.#now.placing, from, to);
    if (placing !== undefined) this.#onArrange(placing, part);
  }

  #targetOf(
    event: DragEvent,
  ): { readonly element: Element; readonly after: boolean; readonly place: PartPlace } | undefined {
    if (this.#dragged === undefined || this.#now === undefined) return undefined;
    const element = (event.target as Element).closest(".group, .drop-system");
    if (!(element instanceof HTMLElement)) return undefined;
    if (element.dataset["drop"] === "system") return { element, after: false, place: { side: "system", index: 0 } };
    const place = this.#now.places.get(element.dataset["key"] ?? "");
    if (place === undefined) return undefined;
    const { top, height } = element.getBoundingClientRect();
    const after = event.clientY > top + height / 2;
    return { element, after, place: after ? { ...place, index: place.index + 1 } : place };
  }

  #mark(element: Element | undefined, after: boolean): void {
    this.#marked?.classList.remove("drop-before", "drop-after");
    this.#marked = element;
    element?.classList.add(after ? "drop-after" : "drop-before");
  }
}

function rootOf(event: Event): Element | null {
  return (event.target as Element).closest(".prompt");
}

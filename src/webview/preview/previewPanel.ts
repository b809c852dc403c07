import { html, nothing, type TemplateResult } from "lit";
import { systemClock } from "../../base/clock.ts";
import type { Placing } from "../../engine/spec/declareLayout.ts";
import type { PartName } from "../../engine/spec/experiment.ts";
import type { PreviewHost, PreviewSelection, PreviewShown, PreviewView } from "../../protocol/previewPanel.ts";
import { newestOnly } from "../shared/newest.ts";
import { banner, emptyState, lineOf, loading } from "../shared/notice.ts";
import { paced } from "../shared/paced.ts";
import { PanelElement } from "../shared/panelElement.ts";
import { partTitles } from "../shared/parts.ts";
import type { Surface } from "../shared/port.ts";
import { scrollBox } from "../shared/scrollBox.ts";
import { tabRow } from "../shared/tabRow.ts";
import { showSelectedTab, tabId } from "../shared/tabs.ts";
import { Arranging } from "./arranging.ts";
import { partAtLine, promptText } from "./derive.ts";
import { factsView } from "./facts.ts";
import { promptView } from "./prompt.ts";
import { toolbar } from "./toolbar.ts";

/** Kept over a reload; the empty layout means that nothing was chosen yet. */
export interface PreviewState {
  readonly layout: string;
  readonly example: number;
  readonly model: string;
  readonly beside: string;
}

export const firstState: PreviewState = { layout: "", example: 0, model: "", beside: "" };

/** The prompt as it would be sent, beside the file it is written in. */
export class PreviewPanel extends PanelElement {
  static override properties = {
    shown: { state: true },
    failure: { state: true },
    wanted: { state: true },
    pointed: { state: true },
    said: { state: true },
  };

  declare private shown: PreviewShown | undefined;
  declare private failure: string | undefined;
  /** What was asked for last; the picture follows. */
  declare private wanted: PreviewSelection | undefined;
  /** Number of the linked part under the pointer. */
  declare private pointed: number | undefined;
  /** For screen readers. */
  declare private said: string;

  readonly #surface: Surface<PreviewView, PreviewHost, PreviewState>;
  readonly #select: (selection: PreviewSelection) => void;
  readonly #onScroll: (main: HTMLElement) => void;
  readonly #arranging = new Arranging((placing, part) => this.#arrange(placing, part));
  #seenTab = "";
  /** The part that was moved by key keeps the focus in the layout it makes. */
  #movedPart: PartName | undefined;
  /** The scroll position that the editor caused, so that it is not sent back. */
  #scrolledTo: number | undefined;

  constructor(surface: Surface<PreviewView, PreviewHost, PreviewState>) {
    super();
    this.#surface = surface;
    this.said = "";
    this.#select = newestOnly<PreviewSelection, PreviewShown>({
      send: (selection) => surface.channel.request("select", selection),
      take: (shown) => this.#take(shown),
      fail: (error) => this.#fail(error),
    });
    this.#onScroll = paced(systemClock, 100, (main) => this.#tellScroll(main));
    surface.channel.on("shown", (shown) => this.#take(shown));
    surface.channel.on("scrollTo", ({ line }) => this.#scrollTo(line));
    document.addEventListener("keydown", (event) => this.#onKey(event));
    surface.channel.request("ready", selectionOf(surface.state.value)).then(
      (shown) => this.#take(shown),
      (error: unknown) => this.#fail(error),
    );
  }

  protected override render(): TemplateResult {
    const { shown, failure } = this;
    const failed = failure === undefined ? nothing : banner("error", failure);
    if (shown === undefined) return failure === undefined ? loading("Assembling the prompt…") : html`${failed}`;
    const { preview } = shown;
    if (preview === undefined) {
      return html`${failed}${
        shown.problem === undefined
          ? emptyState({ icon: "preview", title: "Nothing to preview yet", text: "The file has no layout to show." })
          : emptyState({
              icon: "warning",
              title: "The prompt cannot be assembled yet",
              text: "It appears here as soon as the file has no errors.",
              action: problemList(shown.problem.lines),
            })
      }`;
    }
    const selection = this.wanted ?? shown.selection;
    return html`<div class="preview">
      <header>
        ${failed}
        ${tabRow({
          name: "layout",
          label: "Layouts",
          tabs: preview.layouts.map((name) => ({ id: name, label: name })),
          selected: selection.layout,
          onSelect: (layout) => this.#change({ layout }),
        })}
        ${toolbar({
          preview,
          selection,
          onChange: (change) => this.#change(change),
          onDiff: (layout) => this.#ask(this.#surface.channel.request("diff", { with: layout })),
          onCopy: () => {
            this.#ask(this.#surface.channel.request("copy", { text: promptText(preview) }));
            this.said = "Prompt copied";
          },
          onRun: () => this.#ask(this.#surface.channel.request("run", undefined)),
        })}
        ${
          shown.problem === undefined
            ? nothing
            : banner(
                "warning",
                html`The file has errors; this is the last prompt that could be assembled.${problemList(shown.problem.lines)}`,
              )
        }
      </header>
      <main
        id="layout-panel"
        role="tabpanel"
        tabindex="0"
        aria-labelledby=${tabId("layout", selection.layout)}
        @scroll=${(event: Event) => this.#onScroll(event.currentTarget as HTMLElement)}
      >
        ${factsView(preview, (change) => this.#change(change))}
        ${promptView({
          preview,
          beside: selection.beside === undefined ? undefined : shown.beside,
          pointed: this.pointed,
          arranging: this.#arranging,
          onPoint: (number) => {
            this.pointed = number;
          },
          onReveal: (part) => this.#reveal(part),
        })}
      </main>
      <div class="unseen" role="status">${this.said}</div>
    </div>`;
  }

  protected override updated(): void {
    const part = this.#movedPart;
    if (part !== undefined) {
      this.#movedPart = undefined;
      this.querySelector<HTMLElement>(`.group[data-part="${part}"] .grip`)?.focus();
    }
    const layout = (this.wanted ?? this.shown?.selection)?.layout ?? "";
    if (layout === this.#seenTab) return;
    this.#seenTab = layout;
    showSelectedTab(this);
  }

  #take(shown: PreviewShown): void {
    const stepped = this.shown?.preview?.example.index !== shown.preview?.example.index;
    this.shown = shown;
    this.wanted = undefined;
    this.failure = undefined;
    const { layout, example, model, beside } = shown.selection;
    this.#surface.state.update({ layout, example, model: model ?? "", beside: beside ?? "" });
    if (stepped && shown.preview !== undefined) {
      const { index, count, expected } = shown.preview.example;
      this.said = `Example ${index + 1} of ${count}${expected === undefined ? "" : `, expected ${expected}`}`;
    }
  }

  #fail(error: unknown): void {
    this.wanted = undefined;
    this.failure = lineOf(error);
  }

  #ask(request: Promise<unknown>): void {
    request.then(
      () => {
        this.failure = undefined;
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #change(change: Partial<PreviewSelection>): void {
    const now = this.wanted ?? this.shown?.selection;
    if (now === undefined) return;
    this.wanted = { ...now, ...change };
    this.#select(this.wanted);
  }

  #arrange(placing: Placing, part: PartName): void {
    this.#surface.channel.request("arrange", { placing }).then(
      (shown) => {
        this.#movedPart = part;
        this.#take(shown);
        const side = placing.system.includes(part) ? "system" : "user";
        this.said = `${partTitles[part]} moved, in the ${side} message of the layout ${shown.selection.layout}`;
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #reveal(part: PartName): void {
    const range = this.shown?.preview?.places[part];
    if (range !== undefined) this.#ask(this.#surface.channel.request("reveal", { line: range.start.line }));
  }

  #scrollTo(line: number): void {
    const part = this.shown?.preview === undefined ? undefined : partAtLine(this.shown.preview.places, line);
    if (part === undefined) return;
    for (const old of this.querySelectorAll(".is-target")) old.classList.remove("is-target");
    const group = this.querySelector(`.group[data-part="${part}"]`);
    group?.classList.add("is-target");
    if (group !== null) this.#bringUp(group, 3);
  }

  /** Texts out of sight have only a guessed height, so what comes into view can push the target on: look again. */
  #bringUp(group: Element, tries: number): void {
    group.scrollIntoView({ block: "start" });
    this.#scrolledTo = this.querySelector("main")?.scrollTop;
    if (tries > 1) requestAnimationFrame(() => this.#bringUp(group, tries - 1));
  }

  /** Tells the editor which part stands at the top now. */
  #tellScroll(main: HTMLElement): void {
    if (main.scrollTop === this.#scrolledTo) return;
    this.#scrolledTo = undefined;
    const { top } = main.getBoundingClientRect();
    const first = [...main.querySelectorAll<HTMLElement>(".group")].find(
      (group) => group.getBoundingClientRect().bottom > top,
    );
    const range = this.shown?.preview?.places[first?.dataset["part"] as PartName];
    if (range !== undefined) this.#surface.channel.send("scrolled", { line: range.start.line });
  }

  /** Left and right step through the examples, unless the key means something where the focus is. */
  #onKey(event: KeyboardEvent): void {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0 || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || event.defaultPrevented)
      return;
    if ((event.target as HTMLElement).closest("input, select, textarea, [role=tablist], [role=menu]") !== null) return;
    const example = this.shown?.preview?.example;
    if (example === undefined) return;
    const at = (this.wanted ?? this.shown?.selection)?.example ?? example.index;
    const to = Math.min(Math.max(0, at + step), example.count - 1);
    event.preventDefault();
    if (to !== at) this.#change({ example: to });
  }
}

function selectionOf(state: PreviewState): PreviewSelection | undefined {
  if (state.layout === "") return undefined;
  return {
    layout: state.layout,
    example: state.example,
    model: state.model === "" ? undefined : state.model,
    beside: state.beside === "" ? undefined : state.beside,
  };
}

function problemList(lines: readonly string[]): TemplateResult {
  return html`<ul class="problems" ${scrollBox("Problems of the file")}>
    ${lines.map((line) => html`<li>${line}</li>`)}
  </ul>`;
}

import { html, nothing, type TemplateResult } from "lit";
import { systemClock } from "../../base/clock.ts";
import type { ResultsHost, ResultsShown, ResultsView } from "../../protocol/resultsPanel.ts";
import { banner, lineOf, loading } from "../shared/notice.ts";
import { settled } from "../shared/paced.ts";
import { PanelElement } from "../shared/panelElement.ts";
import type { Surface } from "../shared/port.ts";
import { tabRow } from "../shared/tabRow.ts";
import { showSelectedTab, tabId } from "../shared/tabs.ts";
import { variantNames } from "../shared/variantNames.ts";
import type { ResultsContext } from "./context.ts";
import { headerView } from "./header.ts";
import type { ResultsState } from "./state.ts";
import { tabs } from "./tabs/tabs.ts";

/** What a run found: the verdict, and under tabs all that it rests on. */
export class ResultsPanel extends PanelElement {
  static override properties = {
    shown: { state: true },
    failure: { state: true },
    version: { state: true },
    turning: { state: true },
  };

  declare private shown: ResultsShown | undefined;
  declare private failure: string | undefined;
  declare private version: number;
  /** The run that was asked for and is not here yet. */
  declare private turning: string | undefined;

  #seenTab = "";
  /** Watches the content grow to where the reader was. */
  #wanted: ResizeObserver | undefined;
  readonly #keepScroll = settled<{ readonly tab: string; readonly top: number }>(systemClock, 200, ({ tab, top }) => {
    const { state } = this.#surface;
    state.update({ scroll: { ...state.value.scroll, [tab]: Math.round(top) } });
  });
  readonly #surface: Surface<ResultsView, ResultsHost, ResultsState>;

  constructor(surface: Surface<ResultsView, ResultsHost, ResultsState>) {
    super();
    this.#surface = surface;
    this.version = 0;
    surface.channel.on("shown", (shown) => this.#take(shown));
    surface.channel.request("ready", undefined).then(
      (shown) => this.#take(shown),
      (error: unknown) => this.#fail(error),
    );
  }

  protected override render(): TemplateResult {
    const failed = this.failure === undefined ? nothing : banner("error", this.failure);
    if (this.shown === undefined) return this.failure === undefined ? loading("Reading the results…") : html`${failed}`;
    const context = this.#context(this.shown);
    const chosen = tabs.find((tab) => tab.id === context.state.tab) ?? tabs[0];
    return html`<div class="results">
      ${headerView({
        context,
        turning: this.turning,
        onRun: (run) => this.#turnTo(run),
      })}
      ${failed}
      ${tabRow({
        name: "results",
        label: "Results",
        tabs: tabs.map((tab) => ({ id: tab.id, label: tab.label })),
        selected: chosen?.id ?? "",
        onSelect: (tab) => context.update({ tab }),
      })}
      <main
        id="results-panel"
        class="tab-panel is-${chosen?.id}"
        role="tabpanel"
        tabindex="0"
        aria-labelledby=${tabId("results", chosen?.id ?? "")}
        @scroll=${(event: Event) => this.#scrolled((event.currentTarget as HTMLElement).scrollTop)}
      >${chosen?.draw(context)}</main>
    </div>`;
  }

  protected override updated(): void {
    const { tab } = this.#surface.state.value;
    if (this.shown === undefined || tab === this.#seenTab) return;
    this.#seenTab = tab;
    showSelectedTab(this);
    this.#scrollBack(tab);
  }

  /** Content comes in its own time: the place is gone to once there is enough of it, for as long as nobody scrolls. */
  #scrollBack(tab: string): void {
    const panel = this.querySelector("#results-panel");
    const to = this.#surface.state.value.scroll[tab] ?? 0;
    this.#wanted?.disconnect();
    this.#wanted = undefined;
    if (panel === null) return;
    panel.scrollTop = to;
    if (to === 0 || panel.scrollTop >= to - 1) return;
    this.#wanted = new ResizeObserver(() => {
      if (panel.scrollHeight - panel.clientHeight < to) return;
      panel.scrollTop = to;
      this.#wanted?.disconnect();
      this.#wanted = undefined;
    });
    for (const child of panel.children) this.#wanted.observe(child);
  }

  #scrolled(top: number): void {
    if (this.#wanted === undefined) this.#keepScroll({ tab: this.#seenTab, top });
  }

  #context({ details, others }: ResultsShown): ResultsContext {
    const { channel, state } = this.#surface;
    const names = variantNames(details.summary.variants);
    return {
      channel,
      details,
      others,
      state: state.value,
      version: this.version,
      nameOf: (id) => names.get(id) ?? id,
      update: (change) => {
        state.update(change);
        this.requestUpdate();
      },
      send: (request) => this.#send(request),
      save: (name, text, encoding) => this.#send(this.#save(name, text, encoding)),
    };
  }

  #take(shown: ResultsShown): void {
    this.shown = shown;
    this.version += 1;
    this.failure = undefined;
    this.turning = undefined;
  }

  #fail(error: unknown): void {
    this.turning = undefined;
    this.failure = lineOf(error);
  }

  #send(request: Promise<unknown>): void {
    request.then(
      () => {
        this.failure = undefined;
      },
      (error: unknown) => this.#fail(error),
    );
  }

  async #save(name: string, text: string | Promise<string>, encoding?: "base64"): Promise<void> {
    await this.#surface.channel.request("save", { name, text: await text, ...(encoding && { encoding }) });
  }

  #turnTo(run: string): void {
    this.turning = run;
    this.#surface.state.update({
      selected: [],
      other: "",
      sides: [],
      scroll: {},
      trials: { ...this.#surface.state.value.trials, pattern: "" },
    });
    this.#surface.channel.request("showRun", { run }).then(
      (shown) => this.#take(shown),
      (error: unknown) => this.#fail(error),
    );
  }
}

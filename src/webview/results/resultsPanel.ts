import { html, nothing, type TemplateResult } from "lit";
import type { ResultsHost, ResultsShown, ResultsView } from "../../protocol/resultsPanel.ts";
import { banner, lineOf, loading } from "../shared/notice.ts";
import { PanelElement } from "../shared/panelElement.ts";
import type { Surface } from "../shared/port.ts";
import { showSelectedTab, tabId, tabList } from "../shared/tabs.ts";
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
      <div class="tab-row">
        ${tabList({
          name: "results",
          label: "Results",
          tabs: tabs.map((tab) => ({ id: tab.id, label: tab.label })),
          selected: chosen?.id ?? "",
          onSelect: (tab) => context.update({ tab }),
        })}
      </div>
      <main
        id="results-panel"
        class="tab-panel is-${chosen?.id}"
        role="tabpanel"
        tabindex="0"
        aria-labelledby=${tabId("results", chosen?.id ?? "")}
      >${chosen?.draw(context)}</main>
    </div>`;
  }

  protected override updated(): void {
    const { tab } = this.#surface.state.value;
    if (this.shown === undefined || tab === this.#seenTab) return;
    this.#seenTab = tab;
    showSelectedTab(this);
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
      save: (name, text) => this.#send(channel.request("save", { name, text })),
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

  #turnTo(run: string): void {
    this.turning = run;
    this.#surface.state.update({ selected: [], other: "" });
    this.#surface.channel.request("showRun", { run }).then(
      (shown) => this.#take(shown),
      (error: unknown) => this.#fail(error),
    );
  }
}

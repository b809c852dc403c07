import { html, type TemplateResult } from "lit";
import type { ResultsHost } from "../../protocol/resultsPanel.ts";
import { PanelElement } from "../shared/panelElement.ts";
import type { ResultsContext } from "./context.ts";
import { type Loaded, latestLoad, loadedView, notYet } from "./loaded.ts";

type Requests = ResultsHost["requests"];

/** What can be worked out of the run shown. */
export type ReportName = "efficiency" | "patterns" | "calibration" | "lengths" | "crossModel" | "timeline";

type Report = Requests[ReportName]["result"];

/** While a run goes, its figures change all the time; working them out anew more often would take from the run. */
const liveMs = 10_000;

/** Something that the engine works out of the run, asked for again when the run has new figures; what was there stays until then. */
export class ReportView extends PanelElement {
  static override properties = {
    context: { attribute: false },
    name: {},
    waiting: {},
    draw: { attribute: false },
    report: { state: true },
  };

  declare context: ResultsContext;
  declare name: ReportName;
  declare waiting: string;
  declare draw: (report: Report) => TemplateResult;
  declare private report: Loaded<Report>;
  #asked = "";
  #askedAt = Number.NEGATIVE_INFINITY;
  readonly #load = latestLoad<Report>((loaded) => {
    this.report = loaded;
  });

  constructor() {
    super();
    this.report = notYet;
  }

  protected override willUpdate(): void {
    const { version, details, channel } = this.context;
    const { run, live } = details.item;
    const key = `${version} ${run} ${this.name}`;
    const early = live && this.#asked.endsWith(`${run} ${this.name}`) && performance.now() - this.#askedAt < liveMs;
    if (key === this.#asked || early) return;
    if (!this.#asked.endsWith(`${run} ${this.name}`)) this.report = notYet;
    this.#asked = key;
    this.#askedAt = performance.now();
    this.#load(channel.request(this.name, undefined));
  }

  protected override render(): TemplateResult {
    return loadedView(this.report, this.waiting, this.draw);
  }
}

/** Draws a report once it is there. */
export function reportView<Name extends ReportName>(
  context: ResultsContext,
  name: Name,
  waiting: string,
  draw: (report: Requests[Name]["result"]) => TemplateResult,
): TemplateResult {
  return html`<report-view .context=${context} .name=${name} .waiting=${waiting} .draw=${draw}></report-view>`;
}

import { html, type TemplateResult } from "lit";
import { cssVars } from "../cssVars.ts";

export interface Domain {
  readonly low: number;
  readonly high: number;
}

/** Tens of percent around all intervals: it moves rarely, so bars can be followed while they shrink. */
export function sharedDomain(intervals: readonly (readonly [number, number])[]): Domain {
  const low = Math.min(...intervals.map(([from]) => from), 1);
  const high = Math.max(...intervals.map(([, to]) => to), 0);
  if (low > high) return { low: 0, high: 1 };
  return { low: Math.max(0, Math.floor(low * 10) / 10), high: Math.min(1, Math.ceil(high * 10) / 10) };
}

/** An estimate with its interval on a shared scale. The numbers stand beside it in the table. */
export function intervalBar(value: number, [low, high]: readonly [number, number], domain: Domain): TemplateResult {
  const width = Math.max(0.01, domain.high - domain.low);
  const at = (x: number) => Math.min(1, Math.max(0, (x - domain.low) / width)).toFixed(4);
  return html`<div class="interval-bar" aria-hidden="true" ${cssVars({ low: at(low), high: at(high), value: at(value) })}>
    <span class="interval-range"></span><span class="interval-point"></span>
  </div>`;
}

/** The scale over a column of bars. */
export function intervalScale(domain: Domain): TemplateResult {
  const middle = (domain.low + domain.high) / 2;
  return html`<div class="interval-scale" aria-hidden="true">
    ${[domain.low, middle, domain.high].map((value) => html`<span>${Number((value * 100).toFixed(1))}</span>`)}
  </div>`;
}

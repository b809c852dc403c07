/** From values to pixels. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  (value: number): number;
}

export function linearScale(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const [low, high] = domain;
  const span = high - low || 1;
  const [from, to] = range;
  const at = (value: number) => from + ((value - low) / span) * (to - from);
  return Object.assign(at, { low, high });
}

/** Round numbers over a domain, about so many; the domain widened to them. */
export function niceTicks(low: number, high: number, about: number): readonly number[] {
  const span = high - low || Math.abs(high) || 1;
  const rough = span / Math.max(1, about);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5, 10].find((each) => each * power >= rough) ?? 10);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  // Multiples, not sums, so that 0.30000000000000004 does not come up.
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Where labels of one line's height go so that none covers another: each as near to its place as that allows. */
export function spreadLabels(places: readonly number[], height: number, low: number, high: number): readonly number[] {
  const order = places.map((_, i) => i).sort((a, b) => (places[a] ?? 0) - (places[b] ?? 0));
  const out = [...places];
  let floor = low;
  for (const i of order) {
    out[i] = Math.max(out[i] ?? 0, floor);
    floor = (out[i] ?? 0) + height;
  }
  let ceiling = high;
  for (const i of order.reverse()) {
    out[i] = Math.min(out[i] ?? 0, ceiling);
    ceiling = (out[i] ?? 0) - height;
  }
  return out;
}

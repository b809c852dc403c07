import { correlation } from "./effectSize.ts";

/** Kendall's tau-b (Kendall 1945): agreement of two rankings, corrected for ties. 0 when one side is constant. */
export function kendallTau(x: readonly number[], y: readonly number[]): number {
  let agree = 0;
  let tiesX = 0;
  let tiesY = 0;
  let pairs = 0;
  for (let i = 0; i < x.length; i++) {
    for (let j = i + 1; j < x.length; j++) {
      const dx = Math.sign((x[i] as number) - (x[j] as number));
      const dy = Math.sign((y[i] as number) - (y[j] as number));
      pairs++;
      if (dx === 0) tiesX++;
      if (dy === 0) tiesY++;
      agree += dx * dy;
    }
  }
  const scale = Math.sqrt((pairs - tiesX) * (pairs - tiesY));
  return scale === 0 ? 0 : agree / scale;
}

/** Spearman's rank correlation, ties sharing their mean rank. */
export function spearman(x: readonly number[], y: readonly number[]): number {
  return correlation(ranks(x), ranks(y));
}

/** Ranks from 1 (smallest); tied values share the mean of their ranks. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((i, j) => (values[i] as number) - (values[j] as number));
  const out = new Array<number>(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end + 1 < order.length && values[order[end + 1] as number] === values[order[start] as number]) end++;
    for (let k = start; k <= end; k++) out[order[k] as number] = (start + end) / 2 + 1;
    start = end + 1;
  }
  return out;
}

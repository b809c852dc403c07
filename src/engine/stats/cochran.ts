import { chiSquaredTail } from "./gamma.ts";

/** Cochran's Q (1950): are several variants right on the same rows equally often? One inner array per row. */
export function cochranQ(table: readonly (readonly number[])[]): { Q: number; p: number; df: number } {
  const k = table[0]?.length ?? 0;
  const columns = new Array<number>(k).fill(0);
  let total = 0;
  let rowSquares = 0;
  for (const row of table) {
    let sum = 0;
    row.forEach((v, j) => {
      columns[j] = (columns[j] as number) + v;
      sum += v;
    });
    total += sum;
    rowSquares += sum * sum;
  }
  const spread = k * total - rowSquares;
  const squares = columns.reduce((s, c) => s + c * c, 0);
  const Q = spread === 0 ? 0 : ((k - 1) * (k * squares - total * total)) / spread;
  return { Q, p: chiSquaredTail(Q, k - 1), df: k - 1 };
}

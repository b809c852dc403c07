/** A difference in points with its sign: 0.0123 -> "+1.2". */
export function signed(x: number): string {
  return `${x < 0 ? "-" : "+"}${Math.abs(x * 100).toFixed(1)}`;
}

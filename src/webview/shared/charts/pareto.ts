/** Places of the points that no other one beats on both sides: less on x, more on y. In order of x. */
export function paretoFront(points: readonly { readonly x: number; readonly y: number }[]): readonly number[] {
  const order = points
    .map((_, i) => i)
    .sort((a, b) => (points[a]?.x ?? 0) - (points[b]?.x ?? 0) || (points[b]?.y ?? 0) - (points[a]?.y ?? 0));
  const front: number[] = [];
  let best = Number.NEGATIVE_INFINITY;
  for (const i of order) {
    const y = points[i]?.y ?? 0;
    if (y > best) {
      front.push(i);
      best = y;
    }
  }
  return front;
}

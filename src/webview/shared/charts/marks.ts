import { type SVGTemplateResult, svg } from "lit";

/** Shapes in turn, so that points are told apart without colour. Drawn around the origin, some ten pixels wide. */
const shapes: readonly string[] = [
  "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0",
  "M-4 -4H4V4H-4Z",
  "M0 -5.5L5.5 4H-5.5Z",
  "M0 -5.5L5.5 0L0 5.5L-5.5 0Z",
  "M0 5.5L5.5 -4H-5.5Z",
  "M-1.6 -5H1.6V-1.6H5V1.6H1.6V5H-1.6V1.6H-5V-1.6H-1.6Z",
];

export function mark(index: number, x: number, y: number, kind: "active" | "dropped" | "won"): SVGTemplateResult {
  return svg`<path
    class="mark mark-${kind} series-${index % 6}"
    d=${shapes[index % shapes.length] ?? ""}
    transform="translate(${x.toFixed(1)} ${y.toFixed(1)})"
  />`;
}

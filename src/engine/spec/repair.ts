import type { Path } from "./source.ts";

/** Paths as keys of sets and maps. */
export function pathKey(path: Path): string {
  return JSON.stringify(path);
}

export interface Repaired {
  readonly value: unknown;
  /** From a path in the repaired value to the path in the file: list positions move when an item is left out. */
  original(path: Path): Path;
}

/** A copy of the value without what stands at the dropped paths, so that the rest can still be judged. */
export function without(value: unknown, dropped: ReadonlySet<string>): Repaired {
  const positions = new Map<string, readonly number[]>();
  const copy = (node: unknown, from: Path, to: Path): unknown => {
    if (Array.isArray(node)) {
      const out: unknown[] = [];
      const kept: number[] = [];
      node.forEach((item, index) => {
        if (dropped.has(pathKey([...from, index]))) return;
        out.push(copy(item, [...from, index], [...to, out.length]));
        kept.push(index);
      });
      positions.set(pathKey(to), kept);
      return out;
    }
    if (node === null || typeof node !== "object") return node;
    return Object.fromEntries(
      Object.entries(node)
        .filter(([key]) => !dropped.has(pathKey([...from, key])))
        .map(([key, inner]) => [key, copy(inner, [...from, key], [...to, key])]),
    );
  };
  const repaired = copy(value, [], []);
  return {
    value: repaired,
    original(path) {
      const out: (string | number)[] = [];
      path.forEach((step, depth) => {
        out.push(typeof step === "number" ? (positions.get(pathKey(path.slice(0, depth)))?.[step] ?? step) : step);
      });
      return out;
    },
  };
}

/** The value at a path of plain data; undefined when the path leads nowhere. */
export function valueAt(value: unknown, path: Path): unknown {
  let here = value;
  for (const step of path) {
    if (here === null || typeof here !== "object" || !Object.hasOwn(here, step)) return undefined;
    here = (here as Readonly<Record<string | number, unknown>>)[step];
  }
  return here;
}

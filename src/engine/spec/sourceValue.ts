import { type Document, isAlias, isMap, isScalar, isSeq, type Node } from "yaml";

/** The plain data that a YAML document holds. */

export interface ValueWalk {
  /** Values that may still be made: only aliases that multiply can use them up. Negative when they did. */
  left: number;
  /** The value to take for braces without quotes. */
  onBraces(node: Node): unknown;
  /** Told of an alias whose anchor is not there. */
  onLooseAlias(node: Node): void;
}

/** The node that an alias stands for, or the node itself; undefined when it leads nowhere. */
export function followed(document: Document.Parsed, node: Node | undefined): Node | undefined {
  let current = node;
  for (let hops = 0; hops < 20 && isAlias(current); hops++) current = current.resolve(document) as Node | undefined;
  return isAlias(current) ? undefined : current;
}

/** `{{text}}` without quotes: a map whose key is a map. */
function isBareBraces(node: Node): boolean {
  return isMap(node) && node.flow === true && node.items.length === 1 && isMap(node.items[0]?.key);
}

/** The text of a key; the merge key `<<` is read as a symbol. */
export function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined;
  return typeof key.value === "symbol" ? "<<" : String(key.value);
}

/**
 * Plain data of a node; what cannot be read is left out. Own code, as the library's throws on loose aliases.
 */
export function toValue(document: Document.Parsed, node: Node | null, walk: ValueWalk): unknown {
  if (--walk.left < 0 || node === null) return null;
  if (isAlias(node)) {
    const target = followed(document, node);
    if (target === undefined) {
      walk.onLooseAlias(node);
      return null;
    }
    // An anchor around its own alias has no finite value.
    const [start, , end] = target.range ?? [0, 0, 0];
    if (node.range != null && start <= node.range[0] && node.range[1] <= end) return null;
    return toValue(document, target, walk);
  }
  if (isScalar(node)) return node.value;
  if (isSeq(node)) return node.items.map((item) => toValue(document, item as Node | null, walk));
  if (!isMap(node)) return null;
  if (isBareBraces(node)) return walk.onBraces(node);
  const out = new Map<string, unknown>();
  for (const pair of node.items) {
    const key = keyText(pair.key) ?? String(pair.key);
    if (key === "<<") {
      const merged = toValue(document, pair.value as Node | null, walk);
      for (const source of Array.isArray(merged) ? merged : [merged]) {
        if (source === null || typeof source !== "object") continue;
        for (const [name, inherited] of Object.entries(source)) if (!out.has(name)) out.set(name, inherited);
      }
    } else out.set(key, toValue(document, pair.value as Node | null, walk));
  }
  // `fromEntries` defines own properties, so a key named `__proto__` stays a key.
  return Object.fromEntries(out);
}

import { isMap, isScalar, isSeq, type Node } from "yaml";
import type { Range } from "./diagnostic.ts";
import type { ParsedExperiment } from "./parse.ts";

/** One entry of the outline. */
export interface FileSymbol {
  readonly name: string;
  readonly detail: string;
  readonly kind: "section" | "part" | "layout" | "model" | "parameter" | "item";
  readonly range: Range;
  /** The name within the range. */
  readonly selection: Range;
  readonly children: readonly FileSymbol[];
}

const childKinds: Readonly<Record<string, FileSymbol["kind"]>> = {
  prompt: "part",
  layouts: "layout",
  models: "model",
  parameters: "parameter",
};

/** The outline of a file: its sections, and in them parts, layouts, models, parameters and the like. */
export function symbols({ source }: ParsedExperiment): readonly FileSymbol[] {
  const root = source.document?.contents ?? null;
  const entries = (
    node: Node | null,
    kindOf: (key: string) => FileSymbol["kind"],
    childrenOf: (key: string, value: Node | null) => readonly FileSymbol[],
  ): FileSymbol[] => {
    const out: FileSymbol[] = [];
    const push = (name: string, label: Node, value: Node | null): void => {
      if (label.range == null || name === "") return;
      const end = value?.range?.[1] ?? label.range[1];
      out.push({
        name,
        detail: isScalar(value) && value !== label ? brief(value.value) : "",
        kind: kindOf(name),
        range: source.range(label.range[0], Math.max(end, label.range[1])),
        selection: source.range(label.range[0], label.range[1]),
        children: childrenOf(name, value),
      });
    };
    if (isMap(node))
      for (const pair of node.items)
        if (isScalar(pair.key)) push(String(pair.key.value), pair.key as Node, pair.value as Node | null);
    if (isSeq(node)) for (const item of node.items) push(itemName(item as Node | null), item as Node, item as Node);
    return out;
  };
  return entries(
    root,
    () => "section",
    (key, value) =>
      entries(
        value,
        () => childKinds[key] ?? "item",
        () => [],
      ),
  );
}

function itemName(item: Node | null): string {
  if (isScalar(item)) return brief(item.value);
  if (!isMap(item)) return "";
  for (const key of ["name", "id", "type"]) {
    const value: unknown = item.get(key);
    if (typeof value === "string") return value;
  }
  const hybrid: unknown = item.get("hybrid");
  if (isSeq(hybrid)) return hybrid.items.map((each) => (isScalar(each) ? String(each.value) : "")).join("+");
  const first = item.items[0]?.key;
  return isScalar(first) ? String(first.value) : "";
}

function brief(value: unknown): string {
  const text = String(value ?? "")
    .replaceAll(/\s+/g, " ")
    .trim();
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

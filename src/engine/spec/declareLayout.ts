import { isMap, isSeq, type Node } from "yaml";
import { UserError } from "../../base/errors.ts";
import type { LayoutSpec, PartName, Style } from "./experiment.ts";
import { builtinLayouts } from "./names.ts";
import type { ParsedExperiment } from "./parse.ts";
import type { TextEdit } from "./quickFixes.ts";
import type { SourceDocument } from "./source.ts";
import { yamlFlow } from "./yamlText.ts";

/** Where the parts of a layout stand, as a declared layout says it. */
export interface Placing {
  readonly system: readonly PartName[];
  readonly user: readonly PartName[];
  /** Undefined leaves it to the default. */
  readonly style: Style | undefined;
  readonly examplesAs: "text" | "turns";
  readonly repeat: number;
}

export interface DeclaredLayout {
  readonly name: string;
  readonly edits: readonly TextEdit[];
}

const ownName = "mine";

/**
 * Writes a placing into the experiment file's `layouts` as data, in the form the list has and with all else left as it is. A layout
 * that was made so before (`mine`, `mine-2`, …) is changed in its place; any other gives a new one. @throws UserError where the
 * list is none that can be added to.
 */
export function declareLayout(
  { source }: ParsedExperiment,
  layouts: readonly LayoutSpec[],
  from: string,
  placing: Placing,
): DeclaredLayout {
  const changed = changeInPlace(source, from, placing);
  if (changed !== undefined) return { name: from, edits: changed };
  const taken = new Set([...builtinLayouts, ...layouts.map((layout) => layout.name)]);
  let name = ownName;
  for (let n = 2; taken.has(name); n++) name = `${ownName}-${n}`;
  const { style, examplesAs, repeat, system, user } = placing;
  const entry = {
    name,
    system,
    user,
    ...(style === undefined ? {} : { style }),
    ...(examplesAs === "text" ? {} : { examplesAs }),
    ...(repeat === 1 ? {} : { repeat }),
  };
  return { name, edits: [addEntry(source, layouts, entry)] };
}

function changeInPlace(source: SourceDocument, name: string, placing: Placing): TextEdit[] | undefined {
  if (!/^mine(-\d+)?$/.test(name)) return undefined;
  const list = source.node(["layouts"]);
  if (!isSeq(list)) return undefined;
  const at = list.items.findIndex((item) => isMap(item) && item.get("name") === name);
  const edits: TextEdit[] = [];
  for (const key of ["system", "user"] as const) {
    const node = source.node(["layouts", at, key]);
    if (!isSeq(node) || node.flow !== true || node.range == null) return undefined;
    const [start, end] = node.range;
    const text = isJson(source) ? JSON.stringify(placing[key]) : yamlFlow(placing[key]);
    if (source.text.slice(start, end) !== text) edits.push({ range: source.range(start, end), newText: text });
  }
  return edits;
}

function addEntry(source: SourceDocument, layouts: readonly LayoutSpec[], entry: object): TextEdit {
  const { text } = source;
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const json = isJson(source);
  const written = json ? JSON.stringify(entry) : yamlFlow(entry);
  const insert = (at: number, newText: string): TextEdit => ({ range: source.range(at, at), newText });
  const list = source.node(["layouts"]);
  if (list === undefined) {
    // Those that hold by default would no longer do so beside a list.
    const names = layouts.map(({ name }) => name);
    if (json) {
      const at = text.indexOf("{") + 1;
      return insert(at, `${eol}  "layouts": ${JSON.stringify([...names, entry])},`);
    }
    const gap = text === "" || text.endsWith("\n") ? "" : eol;
    return insert(text.length, `${gap}layouts: [${[...names, written].join(", ")}]${eol}`);
  }
  const place = isSeq(list) ? (list.range ?? undefined) : undefined;
  if (!isSeq(list) || place === undefined) {
    throw new UserError("no-list", "layouts is not a list of its own", "write layouts: [standard], then try again");
  }
  const last = (list.items.at(-1) as Node | undefined)?.range ?? undefined;
  if (list.flow === true) {
    if (last === undefined) return insert(place[0] + 1, written);
    const lead = /\n[ \t]*$/.exec(text.slice(0, last[0]))?.[0];
    return insert(last[1], lead === undefined ? `, ${written}` : `,${eol}${lead.slice(1)}${written}`);
  }
  const first = (list.items[0] as Node | undefined)?.range?.[0] ?? place[0];
  const indent = /^[ \t]*/.exec(text.slice(text.lastIndexOf("\n", first - 1) + 1, first))?.[0] ?? "";
  const end = lineEnd(text, last?.[1] ?? place[1]);
  return insert(end, `${eol}${indent}- ${written}`);
}

/** End of the line that a value's text ends on, so that a comment behind it stays with it. */
function lineEnd(text: string, valueEnd: number): number {
  let at = valueEnd;
  while (at > 0 && /\s/.test(text[at - 1] ?? "")) at -= 1;
  const next = text.indexOf("\n", at);
  const end = next < 0 ? text.length : next;
  return text[end - 1] === "\r" ? end - 1 : end;
}

function isJson({ text, file }: SourceDocument): boolean {
  return file.endsWith(".json") || text.trimStart().startsWith("{");
}

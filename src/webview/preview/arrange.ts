import type { Placing } from "../../engine/spec/declareLayout.ts";
import type { Group } from "../shared/messageGroups.ts";

/** Where a part stands in a placing. */
export interface PartPlace {
  readonly side: "system" | "user";
  readonly index: number;
}

/** The place in the placing of each group that is drawn; what is drawn a second time by repetition has none. */
export function groupPlaces(groups: readonly Group[], placing: Placing): ReadonlyMap<string, PartPlace> {
  const places = new Map<string, PartPlace>();
  const seen = new Map<string, number>();
  let before: Group | undefined;
  for (const group of groups) {
    const side = group.role === "system" ? "system" : "user";
    // The prefix's end cuts a part in two.
    const goesOn = before?.part === group.part && before.message === group.message;
    before = group;
    if (goesOn) continue;
    const key = group.part === "examples" ? "examples" : `${side} ${group.part}`;
    const nth = seen.get(key) ?? 0;
    seen.set(key, nth + 1);
    const place = nthPlace(placing, side, group.part, nth) ?? placeElsewhere(placing, group, nth);
    if (place !== undefined) places.set(group.key, place);
  }
  return places;
}

/** Examples as turns stand between the messages, and without a system role all stands in the user's, wherever it is named. */
function placeElsewhere(placing: Placing, { part }: Group, nth: number): PartPlace | undefined {
  return placing.user.includes(part) ? undefined : nthPlace(placing, "system", part, nth);
}

function nthPlace(placing: Placing, side: PartPlace["side"], part: string, nth: number): PartPlace | undefined {
  let left = nth;
  for (const [index, each] of placing[side].entries()) {
    if (each === part && left-- === 0) return { side, index };
  }
  return undefined;
}

/**
 * The placing with one part taken out and put before another place, which is counted as things stand now. Undefined when nothing
 * changes, or when no user message would be left.
 */
export function movedPart(placing: Placing, from: PartPlace, to: PartPlace): Placing | undefined {
  const part = placing[from.side][from.index];
  if (part === undefined) return undefined;
  const lists = { system: [...placing.system], user: [...placing.user] };
  lists[from.side].splice(from.index, 1);
  const shift = from.side === to.side && to.index > from.index ? 1 : 0;
  lists[to.side].splice(to.index - shift, 0, part);
  const same = (side: PartPlace["side"]) =>
    lists[side].length === placing[side].length && lists[side].every((each, i) => each === placing[side][i]);
  if (lists.user.length === 0 || (same("system") && same("user"))) return undefined;
  return { ...placing, ...lists };
}

/** Where a key moves a part: one place up or down, over the border between the messages, or with `whole` to the other message. */
export function stepTarget(placing: Placing, from: PartPlace, step: -1 | 1, whole: boolean): PartPlace {
  const { side, index } = from;
  const other: PartPlace = step < 0 ? { side: "system", index: placing.system.length } : { side: "user", index: 0 };
  const atEnd = step < 0 ? index === 0 : index === placing[side].length - 1;
  if (whole || atEnd) return side === other.side ? from : other;
  return { side, index: step < 0 ? index - 1 : index + 2 };
}

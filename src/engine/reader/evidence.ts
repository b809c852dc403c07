import { eachFeature } from "./features.ts";
import { answerLabel, type Choices, sameName } from "./labels.ts";
import { memo } from "./memo.ts";
import type { Outline } from "./outline.ts";
import { nameWords } from "./words.ts";

/** Where a piece of evidence stands in the prompt; undefined for names, which are read wherever the labels are listed. */
type Place = { readonly start: number; readonly end: number; readonly system: boolean } | undefined;

interface Posting {
  /** Index of the label spoken for. */
  readonly label: number;
  /** Index of the source, whose place decides how well it is seen. */
  readonly source: number;
  readonly weight: number;
}

/** All that a prompt says about its labels: names, definitions, demonstrations. */
export interface Evidence {
  readonly labels: readonly string[];
  readonly postings: ReadonlyMap<string, readonly Posting[]>;
  readonly places: readonly Place[];
  /** For each demonstration of a known label: the label's index and the place. */
  readonly shown: readonly { readonly label: number; readonly place: NonNullable<Place> }[];
}

const nameWeight = 0.9;
const definitionWeight = 1;
const demonstrationWeight = 0.8;

export function evidenceOf(outline: Outline, { labels, definitions }: Choices): Evidence {
  const indexOf = (name: string): number => {
    const exact = labels.indexOf(name);
    return exact >= 0 ? exact : labels.findIndex((label) => sameName(label, name));
  };
  const places: Place[] = labels.map(() => undefined);
  const said: Said[] = labels.map((label, i) => ({ label: i, text: nameWords(label).join(" "), weight: nameWeight }));
  for (const definition of definitions) {
    const label = indexOf(definition.label);
    if (label < 0) continue;
    places.push(definition);
    said.push({ label, text: definition.text, weight: definitionWeight });
  }
  const shown: { label: number; place: NonNullable<Place> }[] = [];
  for (const demonstration of outline.demonstrations) {
    const label = indexOf(answerLabel(demonstration));
    if (label < 0) continue;
    places.push(demonstration);
    said.push({ label, text: demonstration.input, weight: demonstrationWeight });
    shown.push({ label, place: demonstration });
  }
  return { labels, postings: postingsOf(JSON.stringify(said)), places, shown };
}

interface Said {
  readonly label: number;
  readonly text: string;
  readonly weight: number;
}

/** Index of what is said, by content: it is the same for every row of a dataset, only the places move. */
const postingsOf = memo(64, (saidAsJson: string): ReadonlyMap<string, readonly Posting[]> => {
  const said = JSON.parse(saidAsJson) as readonly Said[];
  const bags = said.map(({ text }) => bagOf(text));
  const speaksFor = new Map<string, Set<number>>();
  for (const [i, bag] of bags.entries()) {
    const label = said[i]?.label ?? 0;
    for (const feature of bag.keys()) {
      const labels = speaksFor.get(feature);
      if (labels === undefined) speaksFor.set(feature, new Set([label]));
      else labels.add(label);
    }
  }
  const labelCount = new Set(said.map(({ label }) => label)).size;
  const postings = new Map<string, Posting[]>();
  for (const [i, bag] of bags.entries()) {
    const { label, weight } = said[i] as Said;
    let square = 0;
    for (const value of bag.values()) square += value * value;
    const norm = Math.sqrt(Math.max(4, square));
    for (const [feature, value] of bag) {
      // A word that speaks for few labels tells more.
      const rarity = Math.log((labelCount + 1) / ((speaksFor.get(feature)?.size ?? 0) + 0.5));
      const posting = { label, source: i, weight: (weight * value * Math.max(0, rarity)) / norm };
      const list = postings.get(feature);
      if (list === undefined) postings.set(feature, [posting]);
      else list.push(posting);
    }
  }
  return postings;
});

function bagOf(text: string): Map<string, number> {
  const bag = new Map<string, number>();
  eachFeature(text, 0, text.length, (feature, strength) => {
    if (strength > (bag.get(feature) ?? 0)) bag.set(feature, strength);
  });
  return bag;
}

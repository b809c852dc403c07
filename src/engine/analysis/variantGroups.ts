import type { RunRecord, VariantRecord } from "../store/store.ts";

/** Variants that differ in their layout only: those of one model and one set of parameters together. */
export function variantGroups(record: Pick<RunRecord, "variants">): readonly (readonly VariantRecord[])[] {
  const groups = new Map<string, VariantRecord[]>();
  for (const variant of record.variants) {
    const key = `${variant.model} ${JSON.stringify(variant.parameters)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [variant]);
    else group.push(variant);
  }
  return [...groups.values()];
}

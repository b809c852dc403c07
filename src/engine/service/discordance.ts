import type { RunRecord, Store } from "../store/store.ts";

/** Fewer shared rows than this say too little about how often two variants differ. */
const fewestRows = 30;

/**
 * How often two variants scored differently on a row, measured in the newest run of the file that can tell: each variant
 * against the one of its model with the most trials. Undefined when no run can.
 */
export async function measuredDiscordance(
  store: Store,
  file: string,
): Promise<{ readonly run: string; readonly discordance: number } | undefined> {
  for (const record of await store.runs.list({ file, limit: 10 })) {
    const discordance = await discordanceOf(store, record);
    if (discordance !== undefined) return { run: record.id, discordance };
  }
  return undefined;
}

async function discordanceOf(store: Store, record: RunRecord): Promise<number | undefined> {
  const rows = record.order.length;
  const columns = record.variants.map(() => new Float64Array(rows).fill(Number.NaN));
  const seen = record.variants.map(() => 0);
  const { variant, position, repeat, score } = await store.trials.scores(record.id);
  for (let i = 0; i < variant.length; i++) {
    // The first of several answers stands for the trial: means of repeats differ less than answers do.
    if (repeat[i] !== 0) continue;
    const v = variant[i] ?? 0;
    const column = columns[v];
    if (column === undefined) continue;
    column[position[i] ?? 0] = score[i] ?? Number.NaN;
    seen[v] = (seen[v] ?? 0) + 1;
  }
  let differing = 0;
  let shared = 0;
  for (const model of record.models) {
    const own = record.variants.filter((one) => one.model === model).map((one) => one.index);
    const [base] = [...own].sort((a, b) => (seen[b] ?? 0) - (seen[a] ?? 0));
    for (const other of own) {
      if (base === undefined || other === base) continue;
      for (let row = 0; row < rows; row++) {
        const a = columns[base]?.[row] ?? Number.NaN;
        const b = columns[other]?.[row] ?? Number.NaN;
        if (Number.isNaN(a) || Number.isNaN(b)) continue;
        shared++;
        if (a !== b) differing++;
      }
    }
  }
  return shared < fewestRows ? undefined : differing / shared;
}

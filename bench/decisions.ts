/**
 * What the race costs and how often it is wrong, beside other rules: `node bench/decisions.ts [--quick] [--orders N]
 * [--seed TEXT]`. Prints the figures G1 to G10 that the product is held to. The recorded matrices are optional and
 * looked for beside the repository; all others are generated from the seed, so another seed is a set never seen before.
 */
import { parseArgs } from "node:util";
import { seededRandom } from "../src/base/random.ts";
import { compare } from "../src/engine/decide/compare.ts";
import { storedOrder } from "../src/engine/decide/order.ts";
import { INTERVAL_STAKES, pairedBettingInterval, pairedBettingLogE } from "../src/engine/stats/betting.ts";
import { bernoulliKl } from "../src/engine/stats/concentration.ts";
import { holm } from "../src/engine/stats/multiple.ts";
import { bonettPrice } from "../src/engine/stats/pairedDifference.ts";
import { wilson } from "../src/engine/stats/proportion.ts";
import { adversarial, copula, heldOut, type Matrix, mixed, realMatrices, SCENARIOS } from "./decisions/matrices.ts";
import { measure, type SetResult, tally } from "./decisions/measure.ts";
import { checkReference } from "./decisions/reference.ts";
import { drive, pickOf } from "./decisions/run.ts";
import { pct, table } from "./decisions/table.ts";

const { values: args } = parseArgs({
  options: { quick: { type: "boolean" }, orders: { type: "string" }, seed: { type: "string" } },
});
const orders = Number(args.orders ?? (args.quick === true ? 40 : 400));
const seed = args.seed ?? "unseen-1";
const started = performance.now();

const say = (text = ""): void => {
  process.stdout.write(`${text}\n`);
};
const mean = (xs: readonly number[]): number =>
  xs.length === 0 ? Number.NaN : xs.reduce((a, b) => a + b, 0) / xs.length;

function show(title: string, results: readonly SetResult[]): void {
  const cell = (t: { wrong: number; calls: number }) => `${pct(t.wrong)}/${pct(t.calls)}`;
  say(`\n${title}: wrong % / calls % of a full run (wrong: more than 1 point below the best, at e = 2 more than 2)`);
  say(
    table(
      [
        "set",
        "K,N",
        "full",
        "naive",
        "first 100",
        "EB race",
        "e=0",
        "e=1",
        "e=2",
        "strict e=1",
        "UCB-E =",
        "halving =",
        "oracle",
      ],
      results.map((r) => [
        r.name,
        `${r.variants},${r.rows}`,
        "0/100",
        cell(r.naive),
        cell(r.first),
        cell(r.bernstein),
        cell(r.exact),
        cell(r.one),
        cell(r.two),
        cell(r.strict),
        pct(r.ucbE.wrong),
        pct(r.halving.wrong),
        pct(r.oracle),
      ]),
    ),
  );
}

const reals = realMatrices();
say(
  reals.length === 0
    ? "Ran on generated matrices only: the recorded ones are not beside the repository, and figures about them are skipped."
    : `Ran on ${reals.length} recorded sets (${reals.map((m) => m.name).join(", ")}) and on generated ones. AlpacaEval-2 and BIG-Bench Hard, two of the ten settings of the goals, are not here.`,
);
const real = reals.map((m) => measure(m, orders, seed));
if (real.length > 0) {
  show(`Recorded matrices, ${orders} orders`, real);
  const of = (f: (r: SetResult) => number) => pct(mean(real.map(f)));
  say(
    `mean: naive ${of((r) => r.naive.wrong)}/${of((r) => r.naive.calls)}, e=1 ${of((r) => r.one.wrong)}/${of((r) => r.one.calls)}, e=2 ${of((r) => r.two.wrong)}/${of((r) => r.two.calls)}, strict ${of((r) => r.strict.wrong)}/${of((r) => r.strict.calls)}`,
  );
}

const synthetic = SCENARIOS.map(({ name, accuracies }) =>
  measure(fresh(name, accuracies, name), Math.max(20, Math.round(orders / 4)), seed),
);
show("Generated matrices (shared difficulty, tetrachoric .75), one each, N = 500", synthetic);

/** A generated matrix with its columns in random order. */
function fresh(name: string, accuracies: readonly number[], ...key: readonly (string | number)[]): Matrix {
  const random = seededRandom(seed, ...key);
  return mixed(copula(name, accuracies, 500, 0.75, random), random);
}

/** Means over many generated matrices, as the oracle ratio needs: one matrix more or less is worth several per cent. */
function ratios(): { name: string; variants: number; ratio: number; error: number; calls: number }[] {
  return SCENARIOS.filter((s) => !s.name.includes("tied") && !s.name.includes("K20")).map(({ name, accuracies }) => {
    const repeats = Math.max(30, 2 * orders);
    const each = Array.from({ length: repeats }, (_, r) => {
      const matrix = fresh(name, accuracies, "ratio", name, r);
      return pickOf(drive(matrix, storedOrder(500, `${seed}/${r}`), { equivalence: 0 })).calls;
    });
    const ideal = idealCalls(accuracies, 500);
    const ours = mean(each);
    const spread = Math.sqrt(mean(each.map((x) => (x - ours) ** 2)) / repeats);
    const calls = ours / 500 / accuracies.length;
    return { name, variants: accuracies.length, ratio: ours / ideal, error: spread / ideal, calls };
  });
}

const oracle = ratios();
say(
  `\nAgainst the paired oracle at e = 0 (mean over ${Math.max(30, 2 * orders)} fresh matrices, columns in random order)`,
);
say(
  table(
    ["scenario", "calls %", "ratio", "+-"],
    oracle.map((o) => [o.name, pct(o.calls), o.ratio.toFixed(2), o.error.toFixed(2)]),
  ),
);

/** Orders for every adversarial set: what the goal is stated for. */
const hardOrders = args.quick === true ? 40 : 300;
type Hard = { readonly name: string; readonly plain: number; readonly strict: number };
function atTheEdge(title: string, sets: readonly { matrix: Matrix; equivalence: number }[]): readonly Hard[] {
  const out = sets.map(({ matrix, equivalence }): Hard => {
    const run = (strict: boolean, count: number) =>
      tally(matrix, count, equivalence, (r) =>
        pickOf(drive(matrix, storedOrder(matrix.size, `${seed}/${matrix.name}/${r}`), { equivalence, strict })),
      ).wrong;
    return { name: matrix.name, plain: run(false, hardOrders), strict: run(true, Math.ceil(hardOrders / 6)) };
  });
  const worst = [...out].sort((a, b) => b.plain - a.plain);
  say(
    `\n${title}: ${out.length} sets, ${hardOrders} orders each; mean wrong ${pct(mean(out.map((h) => h.plain)))} %, strict ${pct(mean(out.map((h) => h.strict)))} %, strict worst ${pct(Math.max(...out.map((h) => h.strict)))} %; the worst:`,
  );
  say(
    table(
      ["set", "wrong %", "upper %", "strict %"],
      worst.slice(0, 6).map((h) => [h.name, pct(h.plain), pct(upper(h.plain, hardOrders)), pct(h.strict)]),
    ),
  );
  return worst;
}
function upper(share: number, n: number): number {
  return wilson(Math.round(share * n), n, 0.05)[1];
}

const thin = args.quick === true ? 8 : 1;
const hard = atTheEdge("Adversarial sets at the error boundary", adversarial(seed, thin));
const unseen = atTheEdge("Held-out sets at the boundary, of other shapes and sizes", heldOut(seed, thin));

const cover = coverage();
const step = stepTime();
const re2 = replication(reals);

const worstReal = Math.max(0, ...real.map((r) => Math.max(r.one.wrong, r.two.wrong)));
const edge = [...hard, ...unseen];
const worstEdge = Math.max(...edge.map((h) => h.plain));
const over = edge.filter((h) => upper(h.plain, hardOrders) > 0.07);
const many = real.filter((r) => r.variants >= 12);
const spread = real.filter((r) => r.variants === 4 && r.spread >= 0.03);
const naiveWrong = mean(real.map((r) => r.naive.wrong));
const ourWrong = mean(real.map((r) => r.two.wrong));
const equalBudget = real.filter((r) => r.one.wrong > r.ucbE.wrong + 1e-9 || r.one.wrong > r.halving.wrong + 1e-9);
const known = real.length > 0;
const skip = "skipped: no recorded sets";
const reference = checkReference();
const [one, two] = [mean(real.map((r) => r.one.calls)), mean(real.map((r) => r.two.calls))];
const most = Math.max(0, ...real.flatMap((r) => [r.exact.mostCalls, r.one.mostCalls, r.two.mostCalls]));
/** Every `met` is computed from what was measured in this very run; undefined where nothing was. */
const goals: [string, string, string, boolean | undefined][] = [
  [
    "G1 wrong, recorded sets",
    "<= 5 % on every set, <= 2 % on average",
    known ? `worst ${pct(worstReal)} %, mean ${pct(mean(real.map((r) => r.one.wrong)))} %` : skip,
    known ? worstReal <= 0.05 && mean(real.map((r) => r.one.wrong)) <= 0.02 : undefined,
  ],
  [
    "G1 wrong, sets at the boundary",
    "<= 5 % and upper 95 % Wilson <= 7 % on every set at 300 orders",
    `worst of ${hard.length} ${pct(hard[0]?.plain ?? 0)} % (upper ${pct(upper(hard[0]?.plain ?? 0, hardOrders))} %), of ${unseen.length} held out ${pct(unseen[0]?.plain ?? 0)} % (upper ${pct(upper(unseen[0]?.plain ?? 0, hardOrders))} %); over 7 %: ${over.length}, at ${hardOrders} orders`,
    hardOrders >= 300 ? worstEdge <= 0.05 && over.length === 0 : undefined,
  ],
  [
    "G2 calls, recorded sets",
    "<= 38 % at e=1, <= 28 % at e=2, never > 100 %; goal set on ten, of which eight are here",
    known ? `${pct(one)} %, ${pct(two)} %, most ${pct(most)} % (reference method on these eight: 39.5, 27.8)` : skip,
    known ? one <= 0.38 && two <= 0.28 && most <= 1 : undefined,
  ],
  [
    "G3 calls at K >= 12; K = 4, spread >= 3 pp",
    "<= 25 %; <= 35 %",
    known ? `${pct(mean(many.map((r) => r.one.calls)))} %; ${pct(mean(spread.map((r) => r.one.calls)))} %` : skip,
    known ? mean(many.map((r) => r.one.calls)) <= 0.25 && mean(spread.map((r) => r.one.calls)) <= 0.35 : undefined,
  ],
  [
    "G4 against the naive rules",
    ">= 3 x fewer wrong at <= their calls (e=2)",
    known
      ? `wrong ${pct(ourWrong)} against ${pct(naiveWrong)} % (by 2 points: ${pct(mean(real.map((r) => r.naive.wrongByTwo)))} %), calls ${pct(two)} against ${pct(mean(real.map((r) => r.naive.calls)))} %`
      : skip,
    known ? ourWrong * 3 <= naiveWrong && two <= mean(real.map((r) => r.naive.calls)) : undefined,
  ],
  [
    "G5 against UCB-E and halving, equal budget",
    "no more wrong on any set",
    known ? (equalBudget.length === 0 ? "on all sets" : `not on ${equalBudget.map((r) => r.name).join(", ")}`) : skip,
    known ? equalBudget.length === 0 : undefined,
  ],
  [
    "G6 over the paired oracle at e=0",
    "<= 1.3 for K <= 8, <= 1.7 for K = 12",
    oracle.map((o) => `K${o.variants} ${o.ratio.toFixed(2)} +- ${o.error.toFixed(2)}`).join(", "),
    oracle.every((o) => o.ratio <= (o.variants <= 8 ? 1.3 : 1.7)),
  ],
  [
    "G7 anytime interval",
    "ever misses <= 5 %, width at 500 <= 1.55 x",
    `misses at most ${pct(cover.missed)} %, width ${cover.width.toFixed(2)} x`,
    cover.missed <= 0.05 && cover.width <= 1.55,
  ],
  [
    "G8 reference values",
    "133 of 133",
    `${reference.passed} of ${reference.total}`,
    reference.passed === 133 && reference.total === 133,
  ],
  ["G9 decision step, K = 20", "<= 1 ms a row", `${(step * 1000).toFixed(1)} µs a row`, step <= 1],
  [
    "G10 re-reading",
    "1 of 12 after Holm; CSQA gpt-3.5 names direct_re2, +1.7 pp over direct, p .076",
    re2?.text ?? skip,
    re2?.met,
  ],
];
say("\nFigures");
say(
  table(
    ["figure", "goal", "measured", ""],
    goals.map(([name, goal, got, met]) => [
      name,
      goal,
      got,
      met === undefined ? "not measured" : met ? "met" : "MISSED",
    ]),
  ),
);
say(`\nseed ${seed}, ${((performance.now() - started) / 1000).toFixed(0)} s`);

/** The oracle that knows the true accuracies of a generated matrix, but not the draw: information from many rows. */
function idealCalls(accuracies: readonly number[], size: number): number {
  const big = copula("oracle", accuracies, 200_000, 0.75, seededRandom(seed, "oracle", accuracies.join()));
  const top = big.scores[0] as Float64Array;
  const rows = accuracies.slice(1).map((_, i) => {
    const other = big.scores[i + 1] as Float64Array;
    let wins = 0;
    let losses = 0;
    for (let t = 0; t < big.size; t++) {
      const d = (top[t] as number) - (other[t] as number);
      if (d > 0) wins++;
      else if (d < 0) losses++;
    }
    const information = ((wins + losses) / big.size) * bernoulliKl(wins / (wins + losses), 0.5);
    const needed = bernoulliKl(0.05, 0.95) / information;
    return needed / (1 + needed / size);
  });
  return rows.reduce((a, b) => a + b, 0) + Math.max(...rows);
}

/** Share of streams in which the anytime interval ever misses the true difference, and its width against the fixed one. */
function coverage(): { missed: number; width: number } {
  const repeats = Math.max(200, orders * 2);
  const level = Math.log(2 / 0.05);
  let missed = 0;
  let width = 0;
  const settings = [
    [0.1, 0.06],
    [0.08, 0.08],
    [0.15, 0.1],
    [0.04, 0.01],
  ] as const;
  for (const [win, loss] of settings) {
    const random = seededRandom(seed, "coverage", win, loss);
    const delta = win - loss;
    let misses = 0;
    for (let r = 0; r < repeats; r++) {
      let wins = 0;
      let losses = 0;
      let miss = false;
      for (let n = 1; n <= 500; n++) {
        const u = random();
        if (u < win) wins++;
        else if (u < win + loss) losses++;
        miss ||=
          pairedBettingLogE(wins, losses, n, delta, INTERVAL_STAKES) >= level ||
          pairedBettingLogE(losses, wins, n, -delta, INTERVAL_STAKES) >= level;
      }
      if (miss) misses++;
    }
    missed = Math.max(missed, misses / repeats);
    const anytime = pairedBettingInterval(win * 500, loss * 500, 500, 0.05, INTERVAL_STAKES);
    const fixed = bonettPrice(win * 500, loss * 500, 500, 0.05);
    width += (anytime[1] - anytime[0]) / (fixed[1] - fixed[0]) / settings.length;
  }
  return { missed, width };
}

/** Milliseconds a row at 20 variants that are never dropped, telling included. */
function stepTime(): number {
  const matrix = copula("step", new Array<number>(20).fill(0.75), 2000, 0.75, seededRandom(seed, "step"));
  const order = storedOrder(2000, seed);
  drive(matrix, order, { equivalence: 0 });
  const from = performance.now();
  const sampler = drive(matrix, order, { equivalence: 0 });
  return (performance.now() - from) / sampler.watermark;
}

/** Re-reading against not, for both tasks, three models, direct and step by step. */
function replication(matrices: readonly Matrix[]): { readonly text: string; readonly met: boolean } | undefined {
  const tests = matrices
    .filter((m) => m.columns.length === 4)
    .flatMap((m) =>
      ["direct", "cot"].map((style) => {
        const of = (suffix: string) => {
          const column = m.scores[m.columns.findIndex((c) => c.endsWith(`__${suffix}`))] as Float64Array;
          return new Map([...column].map((v, i) => [String(i), v] as const));
        };
        return { name: `${m.name} ${style}`, ...compare(of(style), of(`${style}_re2`)) };
      }),
    );
  const demo = tests.find((t) => t.name === "CSQA gpt35turbo direct");
  const set = matrices.find((m) => m.name === "CSQA gpt35turbo");
  if (demo === undefined || set === undefined) return undefined;
  const adjusted = holm(tests.map((t) => t.test.pValue));
  const held = tests.filter((_, i) => (adjusted[i] as number) < 0.05);
  const full = drive(set, storedOrder(set.size, seed), { mode: "full" }).verdict();
  const named = set.columns.map((_, v) => (set.scores[v] as Float64Array).reduce((a, b) => a + b, 0));
  const winner = set.columns[named.indexOf(Math.max(...named))] ?? "";
  const p = demo.test.pValue;
  return {
    text: `${held.length} of ${tests.length} (${held.map((t) => t.name).join(", ")}); best ${winner}, +${pct(demo.difference)} pp, p ${p.toFixed(3)}, full run: ${full.kind}`,
    met:
      tests.length === 12 &&
      held.length === 1 &&
      winner.endsWith("direct_re2") &&
      Math.abs(demo.difference - 0.017) < 0.0005 &&
      Math.abs(p - 0.076) < 0.0005 &&
      full.kind !== "winner",
  };
}

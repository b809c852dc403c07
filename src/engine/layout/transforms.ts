import type { PartName } from "../spec/experiment.ts";
import { builtinLayout } from "./builtin.ts";
import type { Arrangement, Transform } from "./layout.ts";

/** What transforms can disagree about. */
export type Aspect =
  | "instructions"
  | "questionBefore"
  | "questionAfter"
  | "output"
  | "close"
  | "system"
  | "examples"
  | "repeat";

/** What a transform wants of one aspect, and how it says so to people. */
export interface Claim {
  readonly value: string;
  /** Completes "`name` …", e.g. "puts the output format last". */
  readonly says: string;
}

/**
 * A transform with its claims. Two transforms whose claims agree commute, so a hybrid does not depend on the order in which
 * it names them; two whose claims differ conflict. Every transform is idempotent.
 */
export interface PlacingTransform extends Transform {
  readonly claims: Readonly<Partial<Record<Aspect, Claim>>>;
  /** Parts that may stand once more afterwards than before. */
  readonly adds: readonly PartName[];
}

export interface Conflict {
  readonly conflict: readonly [first: string, second: string];
  readonly message: string;
}

const before: Claim = { value: "yes", says: "puts the question before the text" };
const after: Claim = { value: "yes", says: "puts the question after the text" };
const notAfter: Claim = { value: "no", says: "puts no question after the text" };
const outputLast: Claim = { value: "end", says: "puts the output format after the text" };

/** In the order in which hybrids apply them. */
export const transforms: readonly PlacingTransform[] = [
  transform("recency", {
    claims: { questionAfter: after, output: outputLast },
    apply: (a) => toBack(toBack(a, "question"), "output"),
  }),
  transform("sandwich", {
    claims: {
      instructions: { value: "user", says: "puts the instructions at the head of the user message" },
      close: { value: "quickCheck", says: "closes with the quick check" },
    },
    adds: ["quickCheck"],
    apply: (a) => toBack(toFront(a, "instructions"), "quickCheck", true),
  }),
  transform("instructions-last", {
    claims: {
      instructions: { value: "end", says: "puts the instructions after the text" },
      output: outputLast,
    },
    apply: (a) => toBack(toBack(a, "instructions"), "output"),
  }),
  transform("question-first", {
    claims: { questionBefore: before, questionAfter: notAfter },
    apply: (a) => toFront(a, "question"),
  }),
  transform("question-both", {
    claims: { questionBefore: before, questionAfter: after },
    adds: ["question"],
    apply: (a) => (holds(a, "question") ? toBack(toFront(a, "question"), "question", true) : a),
  }),
  transform("static-first", {
    claims: {
      questionAfter: notAfter,
      output: { value: "lead", says: "puts the output format before the text" },
      instructions: { value: "lead", says: "puts the instructions with the other fixed parts" },
      close: { value: "none", says: "leaves nothing fixed after the text" },
    },
    apply: (a) => ({ ...backParts(a).reduce(toLead, a), fixedFirst: true }),
  }),
  transform("minimal-system", {
    claims: { system: { value: "role", says: "leaves only the role in the system message" } },
    apply: (a) => a.system.filter((part) => part !== "role").reduce((to, part) => toFront(to, part), a),
  }),
  transform("chat-examples", {
    claims: { examples: { value: "turns", says: "turns the examples into messages" } },
    apply: (a) => ({ ...a, examplesAs: "turns" }),
  }),
  transform("repetition", {
    claims: { repeat: { value: "2", says: "repeats the user message" } },
    apply: (a) => ({ ...a, repeat: 2 }),
  }),
];

export function transformNamed(name: string): PlacingTransform | undefined {
  return transforms.find((candidate) => candidate.name === name);
}

/** Every pair of transforms that want different things of the same aspect; one line for each pair. */
export function conflictsOf(chosen: readonly PlacingTransform[]): Conflict[] {
  const found: Conflict[] = [];
  chosen.forEach((first, i) => {
    for (const second of chosen.slice(i + 1)) {
      const aspects = Object.keys(first.claims) as Aspect[];
      const aspect = aspects.find(
        (key) => second.claims[key] !== undefined && second.claims[key].value !== first.claims[key]?.value,
      );
      if (aspect === undefined) continue;
      const message = `"${first.name}" ${first.claims[aspect]?.says} but "${second.name}" ${second.claims[aspect]?.says}`;
      found.push({ conflict: [first.name, second.name], message });
    }
  });
  return found;
}

/** Applies transforms in their own order, whatever the order given; conflicts are the caller's to report. */
export function applyTransforms(base: Arrangement, chosen: readonly PlacingTransform[]): Arrangement {
  return transforms.filter((one) => chosen.includes(one)).reduce((a, one) => one.apply(a), base);
}

function transform(
  name: string,
  rest: Pick<PlacingTransform, "claims" | "apply"> & Partial<Pick<PlacingTransform, "adds">>,
): PlacingTransform {
  const description = builtinLayout(name)?.description;
  if (description === undefined) throw new Error(`no built-in layout is named "${name}"`);
  return { name, description, adds: [], ...rest };
}

/** Order in which moved parts stand ahead of the context and the text. */
const frontOrder: readonly PartName[] = [
  "role",
  "instructions",
  "definitions",
  "examples",
  "output",
  "question",
  "quickCheck",
];
/** Order in which moved parts stand after the text. */
const backOrder: readonly PartName[] = [
  "role",
  "definitions",
  "examples",
  "question",
  "instructions",
  "output",
  "quickCheck",
];

const isCore = (part: PartName) => part === "context" || part === "segment";

function holds(a: Arrangement, part: PartName): boolean {
  return a.system.includes(part) || a.user.includes(part);
}

function without(a: Arrangement, part: PartName): Arrangement {
  const others = (parts: readonly PartName[]) => parts.filter((other) => other !== part);
  return { ...a, system: others(a.system), user: others(a.user) };
}

/** The user message cut at the first and after the last of context and segment. */
function zones(user: readonly PartName[]): {
  front: readonly PartName[];
  core: readonly PartName[];
  back: readonly PartName[];
} {
  const first = user.findIndex(isCore);
  if (first < 0) return { front: user, core: [], back: [] };
  const last = user.findLastIndex(isCore);
  return { front: user.slice(0, first), core: user.slice(first, last + 1), back: user.slice(last + 1) };
}

/** Before the first part that comes later in the given order. Parts that stay keep their places, so moves commute. */
function inserted(zone: readonly PartName[], part: PartName, order: readonly PartName[]): PartName[] {
  const at = zone.findIndex((other) => order.indexOf(other) > order.indexOf(part));
  return at < 0 ? [...zone, part] : [...zone.slice(0, at), part, ...zone.slice(at)];
}

/** Moves a part ahead of the context and the text in the user message. An absent part stays absent. */
function toFront(a: Arrangement, part: PartName): Arrangement {
  if (!holds(a, part)) return a;
  const bare = without(a, part);
  const { front, core, back } = zones(bare.user);
  return { ...bare, user: [...inserted(front, part, frontOrder), ...core, ...back] };
}

/**
 * Sees to it that a part stands after the text: there it keeps its copies elsewhere, else it is moved. With `add` it is made
 * when it is absent and, for the question, kept where it was.
 */
function toBack(a: Arrangement, part: PartName, add = false): Arrangement {
  if (!holds(a, part) && !add) return a;
  const stays = zones(a.user).back.includes(part) || (add && part === "question");
  const bare = stays ? a : without(a, part);
  const { front, core, back } = zones(bare.user);
  const others = back.filter((other) => other !== part);
  return { ...bare, user: [...front, ...core, ...inserted(others, part, backOrder)] };
}

/** Fixed parts that stand after the text. */
function backParts(a: Arrangement): readonly PartName[] {
  return zones(a.user).back;
}

/** Moves a part to the other fixed ones: into the user message when they stand there, else to the system message. */
function toLead(a: Arrangement, part: PartName): Arrangement {
  if (zones(a.user).front.some((other) => other !== part)) return toFront(a, part);
  const bare = without(a, part);
  return { ...bare, system: inserted(bare.system, part, frontOrder) };
}

import type { PartName } from "../spec/experiment.ts";
import { builtinLayout } from "./builtin.ts";
import type { Arrangement, Transform } from "./layout.ts";

/** What transforms can disagree about. */
type Aspect =
  | "instructions"
  | "questionBefore"
  | "questionAfter"
  | "output"
  | "close"
  | "system"
  | "examples"
  | "repeat";

/** What a transform wants of one aspect, and how it says so to people. */
interface Claim {
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
    apply: (a) => toBack(a, ["question", "output"]),
  }),
  transform("sandwich", {
    claims: {
      instructions: { value: "user", says: "puts the instructions at the head of the user message" },
      close: { value: "quickCheck", says: "closes with the quick check" },
    },
    adds: ["quickCheck"],
    // The old quick check goes first: where it stood must not decide where the instructions land.
    apply: (a) => withBack(toFront(without(a, "quickCheck"), ["instructions"]), ["quickCheck"]),
  }),
  transform("instructions-last", {
    claims: {
      instructions: { value: "end", says: "puts the instructions after the text" },
      output: outputLast,
    },
    apply: (a) => toBack(a, ["instructions", "output"]),
  }),
  transform("question-first", {
    claims: { questionBefore: before, questionAfter: notAfter },
    apply: (a) => toFront(a, ["question"]),
  }),
  transform("question-both", {
    claims: { questionBefore: before, questionAfter: after },
    adds: ["question"],
    apply: (a) => (holds(a, "question") ? withBack(toFront(a, ["question"]), ["question"]) : a),
  }),
  transform("static-first", {
    claims: {
      questionAfter: notAfter,
      output: { value: "lead", says: "puts the output format before the text" },
      instructions: { value: "lead", says: "puts the instructions with the other fixed parts" },
      close: { value: "none", says: "leaves nothing fixed after the text" },
    },
    apply: (a) => ({ ...backToLead(a), fixedFirst: true }),
  }),
  transform("minimal-system", {
    claims: { system: { value: "role", says: "leaves only the role in the system message" } },
    apply: (a) =>
      toFront(
        a,
        a.system.filter((part) => part !== "role"),
      ),
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

/** Adds a part before the first that comes later in the given order. Parts that stay keep their places, so moves commute. */
function insertedIn(order: readonly PartName[]): (zone: readonly PartName[], part: PartName) => readonly PartName[] {
  return (zone, part) => {
    const at = zone.findIndex((other) => order.indexOf(other) > order.indexOf(part));
    return at < 0 ? [...zone, part] : [...zone.slice(0, at), part, ...zone.slice(at)];
  };
}

/** Moves parts ahead of the context and the text in the user message. Absent parts stay absent. */
function toFront(a: Arrangement, moved: readonly PartName[]): Arrangement {
  const standing = moved.filter((part) => holds(a, part));
  const bare = standing.reduce(without, a);
  const { front, core, back } = zones(bare.user);
  return { ...bare, user: [...standing.reduce(insertedIn(frontOrder), front), ...core, ...back] };
}

/** Sees to it that parts stand after the text: those that do already keep their copies elsewhere, the others are moved. */
function toBack(a: Arrangement, moved: readonly PartName[]): Arrangement {
  const standing = moved.filter((part) => holds(a, part));
  const already = zones(a.user).back;
  const bare = standing.filter((part) => !already.includes(part)).reduce(without, a);
  return withBack(bare, standing);
}

/** Sees to it that one copy of each part stands after the text, whatever stands elsewhere. */
function withBack(a: Arrangement, parts: readonly PartName[]): Arrangement {
  const { front, core, back } = zones(a.user);
  const others = back.filter((part) => !parts.includes(part));
  return { ...a, user: [...front, ...core, ...parts.reduce(insertedIn(backOrder), others)] };
}

/** Moves what stands after the text to the other fixed parts: into the user message when they stand there, else to the system message. */
function backToLead(a: Arrangement): Arrangement {
  const { front, core, back } = zones(a.user);
  if (front.length > 0) return { ...a, user: [...back.reduce(insertedIn(frontOrder), front), ...core] };
  return { ...a, system: back.reduce(insertedIn(frontOrder), a.system), user: core };
}

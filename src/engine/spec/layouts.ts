import { didYouMean } from "../../base/didYouMean.ts";
import { type Condition, type FixedLayoutSpec, type LayoutSpec, type PartName, partNames } from "./experiment.ts";
import { meant, type Report } from "./report.ts";
import type { ExperimentFile } from "./schema.ts";
import type { Path } from "./source.ts";

export interface LayoutNames {
  /** Names the product itself knows. */
  readonly builtin: readonly string[];
  /** Layouts declared for the whole workspace. */
  readonly workspace: readonly LayoutSpec[];
  readonly check?: CheckLayout | undefined;
}

type DeclaredLayout = Extract<LayoutSpec, { kind: "declared" }>;

/** Says what is wrong with a layout whose names are known, such as a hybrid of ideas that exclude each other. */
export type CheckLayout = (
  layout: LayoutSpec,
  declared: readonly DeclaredLayout[],
) => { readonly code: string; readonly message: string; readonly action: string } | undefined;

export type WrittenLayout = NonNullable<ExperimentFile["layouts"]>[number];

/** The name a layout goes by in variants, tables and files. */
export function layoutName(layout: LayoutSpec): string {
  return layout.name;
}

function nameOf(written: WrittenLayout): string {
  if (typeof written === "string") return written;
  return "hybrid" in written ? (written.name ?? written.hybrid.join("+")) : written.name;
}

/**
 * The layouts of a list that stands at `at`. `present` are the parts the prompt has; undefined where no prompt is at hand,
 * as in a workspace's own list.
 */
export function readLayouts(
  written: readonly WrittenLayout[],
  at: Path,
  names: LayoutNames,
  present: ReadonlySet<PartName> | undefined,
  report: Report,
): LayoutSpec[] {
  const declared = new Set(written.filter((each) => typeof each !== "string").map(nameOf));
  const workspace = new Map(names.workspace.map((each) => [each.name, each]));
  const known = [...new Set([...names.builtin, ...declared, ...workspace.keys()])];
  const seen = new Set<string>();
  const out: LayoutSpec[] = [];
  const hybrids: { readonly layout: LayoutSpec; readonly path: Path }[] = [];
  const dynamics: { readonly written: WrittenDynamic; readonly at: number; readonly path: Path }[] = [];
  written.forEach((each, index) => {
    const path = [...at, index];
    const name = nameOf(each);
    if (seen.has(name)) {
      report(typeof each === "string" ? path : [...path, "name"], {
        code: "duplicate-layout",
        message: `the layout ${name} stands twice`,
        action: "remove one, or give it another name",
      });
      return;
    }
    seen.add(name);
    if (typeof each === "string") {
      if (names.builtin.includes(each)) out.push({ kind: "named", name: each });
      else if (workspace.has(each)) out.push(workspace.get(each) as LayoutSpec);
      else unknownLayout(each, path, known, report);
    } else if ("dynamic" in each) {
      // What its rules use may stand further down.
      dynamics.push({ written: each, at: out.length, path });
      out.push({ kind: "dynamic", name, rules: [] });
    } else if ("hybrid" in each) {
      // A hybrid of itself would never end.
      const members = known.filter((member) => member !== name);
      each.hybrid.forEach((member, position) => {
        if (!members.includes(member)) unknownLayout(member, [...path, "hybrid", position], members, report);
      });
      const layout: LayoutSpec = { kind: "hybrid", name, of: each.hybrid };
      out.push(layout);
      if (each.hybrid.every((member) => members.includes(member))) hybrids.push({ layout, path });
    } else {
      if (names.builtin.includes(name)) {
        report([...path, "name"], {
          code: "duplicate-layout",
          message: `${name} is the name of a built-in layout`,
          action: "give yours another name",
        });
      }
      const system = readParts(each.system, [...path, "system"], report);
      const user = readParts(each.user, [...path, "user"], report);
      checkParts(name, system, user, path, present, report);
      out.push({
        kind: "declared",
        name,
        system,
        user,
        style: each.style,
        examplesAs: each.examplesAs,
        repeat: each.repeat,
      });
    }
  });
  const fixed = new Map<string, FixedLayoutSpec>(names.builtin.map((each) => [each, { kind: "named", name: each }]));
  for (const each of [...names.workspace, ...out]) if (each.kind !== "dynamic") fixed.set(each.name, each);
  for (const { written: rules, at: place, path } of dynamics) {
    out[place] = { kind: "dynamic", name: rules.name, rules: readRules(rules, path, fixed, known, report) };
  }
  const declaredLayouts = [...names.workspace, ...out].filter((each) => each.kind === "declared");
  for (const { layout, path } of hybrids) {
    const trouble = names.check?.(layout, declaredLayouts);
    if (trouble !== undefined) {
      report([...path, "hybrid"], { code: trouble.code, message: trouble.message, action: trouble.action });
    }
  }
  return out;
}

type WrittenDynamic = Extract<WrittenLayout, { dynamic: unknown }>;

function readRules(
  { name, dynamic }: WrittenDynamic,
  path: Path,
  fixed: ReadonlyMap<string, FixedLayoutSpec>,
  known: readonly string[],
  report: Report,
): Extract<LayoutSpec, { kind: "dynamic" }>["rules"] {
  return dynamic.flatMap(({ when, use }, index) => {
    const rule = [...path, "dynamic", index];
    const conditions = when === undefined ? [] : readConditions(when);
    const last = index === dynamic.length - 1;
    if (last && conditions.length > 0) {
      report([...rule, "when"], {
        code: "no-fallback",
        message: `texts that fit no rule of ${name} have no layout`,
        action: "end with a rule without when, such as { use: standard }",
      });
    }
    if (!last && when === undefined) {
      report(rule, {
        code: "unreachable-rule",
        message: `this rule of ${name} fits every text, so those below it are never reached`,
        action: "give it a when, or put it last",
      });
    }
    const layout = fixed.get(use);
    if (layout !== undefined) return [{ when: conditions, use: layout }];
    if (known.includes(use)) {
      report([...rule, "use"], {
        code: "layout-conflict",
        message: `${use} is chosen by rules itself`,
        action: "use a layout that is the same for every text",
      });
    } else
      unknownLayout(
        use,
        [...rule, "use"],
        known.filter((each) => fixed.has(each)),
        report,
      );
    return [];
  });
}

function readConditions(when: NonNullable<WrittenDynamic["dynamic"][number]["when"]>): Condition[] {
  const conditions: Condition[] = [];
  for (const feature of ["words", "questions"] as const) {
    const written = when[feature];
    if (written === undefined) continue;
    const [, op = "==", value = written] = /^(>=|<=|==|>|<)\s*(\d+)$/.exec(String(written)) ?? [];
    conditions.push({ feature, op: op as ">=" | ">" | "<=" | "<" | "==", value: Number(value) });
  }
  for (const feature of ["numbers", "code"] as const) {
    const is = when[feature];
    if (is !== undefined) conditions.push({ feature, is });
  }
  if (when.language !== undefined) conditions.push({ feature: "language", is: when.language.toLowerCase() });
  return conditions;
}

function unknownLayout(name: string, path: Path, known: readonly string[], report: Report): void {
  const suggestions = didYouMean(name, known);
  report(path, {
    code: "unknown-layout",
    message: `unknown layout ${name}`,
    action:
      suggestions.length > 0
        ? meant(suggestions, [], "")
        : `use ${known.join(", ")}, or declare it: { name: ${name}, system: […], user: […] }`,
    suggestions: suggestions.length > 0 ? suggestions : known,
  });
}

function readParts(written: readonly string[], path: Path, report: Report): PartName[] {
  const parts: PartName[] = [];
  written.forEach((name, index) => {
    const part = partNames.find((each) => each === name);
    if (part !== undefined) {
      parts.push(part);
      return;
    }
    const suggestions = didYouMean(name, partNames);
    report([...path, index], {
      code: "unknown-part",
      message: `unknown part ${name}`,
      action: meant(suggestions, partNames, "parts"),
      suggestions: suggestions.length > 0 ? suggestions : partNames,
    });
  });
  return parts;
}

/** Parts that may well stand twice, before and after the segment. */
const repeatable: readonly PartName[] = ["question", "instructions", "quickCheck", "output"];

function checkParts(
  name: string,
  system: readonly PartName[],
  user: readonly PartName[],
  path: Path,
  present: ReadonlySet<PartName> | undefined,
  report: Report,
): void {
  const placed = [...system, ...user];
  if (!placed.includes("segment")) {
    report(path, {
      code: "missing-part",
      message: `the layout ${name} does not place the segment`,
      action: "add segment to its user message; without it every example gets the same prompt",
    });
  } else if (user.length === 0) {
    report(path, {
      code: "missing-part",
      message: `the layout ${name} has no user message`,
      action: "put at least the segment into user",
    });
  }
  placed.forEach((part, index) => {
    const place = index < system.length ? [...path, "system", index] : [...path, "user", index - system.length];
    if (placed.indexOf(part) < index && !repeatable.includes(part)) {
      report(place, {
        code: "duplicate-part",
        severity: "warning",
        message: `the layout ${name} places ${part} twice`,
        action: "remove one, unless the repetition is what you want to test",
      });
    }
    if (present !== undefined && !present.has(part) && placed.indexOf(part) === index) {
      report(place, {
        code: "absent-part",
        severity: "info",
        message: `the layout ${name} places ${part}, which the prompt does not have`,
        action: `add prompt.${part}, or leave it out here`,
      });
    }
  });
  if (present === undefined) return;
  const left = [...present].filter((part) => !placed.includes(part) && part !== "segment" && part !== "quickCheck");
  if (left.length > 0) {
    report(path, {
      code: "left-out-part",
      severity: "warning",
      message: `the layout ${name} leaves out ${left.join(", ")}`,
      action: "add it to system or user, unless you mean to test without it",
    });
  }
}

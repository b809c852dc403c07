import { didYouMean } from "../../base/didYouMean.ts";
import type { FixedLayoutSpec, LayoutSpec } from "../spec/experiment.ts";
import { builtinLayout, builtinLayouts, defaultStyle, standardLayout } from "./builtin.ts";
import type { Arrangement } from "./layout.ts";
import { applyTransforms, conflictsOf, type PlacingTransform, transformNamed } from "./transforms.ts";

/** Why a layout cannot be used, in the terms of a diagnostic. */
export interface LayoutProblem {
  readonly kind: "problem";
  readonly code: "unknown-layout" | "layout-conflict" | "layout-without-segment" | "layout-without-user";
  readonly message: string;
  readonly action: string;
  readonly suggestions: readonly string[];
}

export type Resolved = { readonly kind: "arrangement"; readonly arrangement: Arrangement } | LayoutProblem;

export type DeclaredLayout = Extract<LayoutSpec, { kind: "declared" }>;

/**
 * The arrangement that a spec means. `declared` are the layouts the experiment or workspace declares, which named layouts and
 * hybrids may refer to; a hybrid may hold at most one of them, and its transforms are applied to it instead of to `standard`.
 */
export function resolveLayout(spec: FixedLayoutSpec, declared: readonly DeclaredLayout[] = []): Resolved {
  switch (spec.kind) {
    case "declared":
      return fromDeclared(spec);
    case "named":
      return resolveName(spec.name, declared);
    case "hybrid":
      return resolveHybrid(spec.name, spec.of, declared);
  }
}

/** What is wrong with a layout, or with the first bad one that a dynamic layout uses; see `resolveLayout`. */
export function checkLayout(spec: LayoutSpec, declared: readonly DeclaredLayout[] = []): LayoutProblem | undefined {
  for (const one of spec.kind === "dynamic" ? spec.rules.map((rule) => rule.use) : [spec]) {
    const resolved = resolveLayout(one, declared);
    if (resolved.kind === "problem") return resolved;
  }
  return undefined;
}

function resolveName(name: string, declared: readonly DeclaredLayout[]): Resolved {
  const own = declared.find((layout) => layout.name === name);
  if (own !== undefined) return fromDeclared(own);
  const builtin = builtinLayout(name);
  if (builtin !== undefined) return { kind: "arrangement", arrangement: builtin };
  const known = [...declared, ...builtinLayouts].map((layout) => layout.name);
  const suggestions = didYouMean(name, known);
  const action = suggestions.length > 0 ? `did you mean ${suggestions[0]}?` : `use one of ${known.join(", ")}`;
  return { kind: "problem", code: "unknown-layout", message: `no layout is named "${name}"`, action, suggestions };
}

function resolveHybrid(name: string, of: readonly string[], declared: readonly DeclaredLayout[]): Resolved {
  const chosen: PlacingTransform[] = [];
  const bases: Arrangement[] = [];
  for (const member of new Set(of)) {
    const transform = declared.some((layout) => layout.name === member) ? undefined : transformNamed(member);
    if (transform !== undefined) {
      chosen.push(transform);
      continue;
    }
    const base = resolveName(member, declared);
    if (base.kind === "problem") return base;
    if (base.arrangement.name !== standardLayout.name) bases.push(base.arrangement);
  }
  if (bases.length > 1) {
    const [first, second] = bases.map((base) => base.name);
    return conflict(`"${first}" and "${second}" each place every part`, "keep one declared layout in a hybrid");
  }
  const found = conflictsOf(chosen)[0];
  if (found !== undefined)
    return conflict(found.message, `leave one of ${found.conflict.join(" and ")} out of the hybrid`);
  const base = bases[0] ?? standardLayout;
  const arrangement = applyTransforms(base, chosen);
  return { kind: "arrangement", arrangement: { ...arrangement, name, description: `Combines ${of.join(", ")}.` } };
}

function fromDeclared(spec: DeclaredLayout): Resolved {
  if (![...spec.system, ...spec.user].includes("segment")) {
    return {
      kind: "problem",
      code: "layout-without-segment",
      message: `layout "${spec.name}" does not place the segment`,
      action: "add segment to its user parts",
      suggestions: [],
    };
  }
  if (spec.user.length === 0) {
    return {
      kind: "problem",
      code: "layout-without-user",
      message: `layout "${spec.name}" has no user message`,
      action: "move at least the segment to its user parts",
      suggestions: [],
    };
  }
  const { name, system, user, examplesAs, repeat } = spec;
  const description = "Declared by the author.";
  return {
    kind: "arrangement",
    arrangement: { name, description, system, user, style: spec.style ?? defaultStyle, examplesAs, repeat },
  };
}

function conflict(message: string, action: string): LayoutProblem {
  return { kind: "problem", code: "layout-conflict", message, action, suggestions: [] };
}

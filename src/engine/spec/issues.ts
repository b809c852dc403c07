import type * as z from "zod";
import { didYouMean } from "../../base/didYouMean.ts";
import { meant, oneOf, type Report } from "./report.ts";
import { alternatives, keysAt, pathText, schemasAt, sectionsWith } from "./schemaWalk.ts";
import type { Path } from "./source.ts";
import { yamlFlow } from "./yamlText.ts";

/** The validator's findings in our words: what is wrong with the value, and what to write instead. */

export type Issue = z.core.$ZodIssue;

/** Words of other tools for keys of ours. */
const synonyms: Readonly<Record<string, string>> = {
  providers: "models",
  provider: "models",
  tests: "dataset",
  prompts: "prompt",
  scorers: "scoring",
  metrics: "scoring",
  metric: "scoring",
  fewshot: "examples",
  few_shot: "examples",
  shots: "examples",
  text: "segment",
  input: "segment",
};

/** A path of a validator's issue; symbols do not occur in data read from text. */
function plain(path: readonly PropertyKey[]): (string | number)[] {
  return path.map((step) => (typeof step === "symbol" ? String(step) : step));
}

/** Issues with unions resolved: of each union only the branch that the author most likely meant is kept. */
export function resolveUnions(
  issues: readonly Issue[],
  prefix: Path = [],
): (Issue & { readonly path: (string | number)[] })[] {
  const out: (Issue & { readonly path: (string | number)[] })[] = [];
  for (const issue of issues) {
    const path = [...prefix, ...plain(issue.path)];
    if (issue.code !== "invalid_union") {
      out.push({ ...issue, path });
      continue;
    }
    // A branch whose only complaint is about the value as a whole was not meant at all.
    const branches = (issue.errors as readonly (readonly Issue[])[]).filter(
      (branch) =>
        branch.length > 0 &&
        !branch.some(
          (each) => each.path.length === 0 && (each.code === "invalid_type" || each.code === "invalid_value"),
        ),
    );
    const best = branches.toSorted((a, b) => cost(a) - cost(b))[0];
    if (best === undefined) out.push({ ...issue, path });
    else out.push(...resolveUnions(best, path));
  }
  return out;
}

/** How far a value is from a branch: strange keys weigh more than missing ones. */
function cost(branch: readonly Issue[]): number {
  let sum = 0;
  for (const issue of branch) {
    if (issue.code === "unrecognized_keys") sum += 2 * issue.keys.length;
    // Whoever names another type meant that one, however much else is wrong.
    else sum += issue.code === "invalid_value" && issue.path[0] === "type" ? 100 : 1;
  }
  return sum;
}

/** Reports each issue at its place. `valueAt` gives the value at a path, undefined when it is absent. */
export function reportIssues(issues: readonly Issue[], valueAt: (path: Path) => unknown, report: Report): void {
  for (const issue of resolveUnions(issues)) {
    const { path } = issue;
    const name = pathText(path);
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) reportUnknownKey(path, key, valueAt(path), report);
      continue;
    }
    const value = valueAt(path);
    const own = ownWords(issue);
    if (value === undefined || value === null) {
      const example = sample(path);
      const absent = value === undefined;
      report(path, {
        code: absent ? "missing-key" : "missing-value",
        message: absent ? `${name} is missing` : `${name} has no value`,
        action:
          example === undefined
            ? (own ?? "write one")
            : absent
              ? `add ${String(path.at(-1))}: ${example}`
              : `write one, such as ${example}`,
      });
      continue;
    }
    if (issue.code === "invalid_value") {
      const values = issue.values.map(String);
      const suggestions = typeof value === "string" ? didYouMean(value, values) : [];
      report(path, {
        code: "unknown-value",
        message: `${name} is ${shown(value)}`,
        action: meant(suggestions, values, "values"),
        suggestions: suggestions.length > 0 ? suggestions : values,
      });
    } else if (typeof value === "number" && reading(value, own) !== undefined) {
      const suggestions = reading(value, own) ?? [];
      report(path, { code: "wrong-value", message: `${name} is ${value}`, action: own ?? "", suggestions });
    } else if (issue.code === "invalid_type" || issue.code === "invalid_union") {
      report(path, {
        code: "wrong-type",
        message: `${name} is ${kindOf(value)}`,
        action: own ?? expectation(path, issue.code === "invalid_type" ? issue.expected : ""),
      });
    } else {
      report(path, { code: "wrong-value", message: `${name} is ${shown(value)}`, action: own ?? bound(issue) });
    }
  }
}

function reportUnknownKey(path: Path, key: string, holder: unknown, report: Report): void {
  const present = holder !== null && typeof holder === "object" ? Object.keys(holder) : [];
  const keys = [...keysAt(path).keys()].filter((each) => each !== "$schema");
  const free = keys.filter((each) => !present.includes(each));
  const synonym = synonyms[key];
  const suggestions = synonym !== undefined && free.includes(synonym) ? [synonym] : didYouMean(key, free);
  const sections = path.length === 0 ? sectionsWith(key) : [];
  let action = meant(suggestions, keys, "keys here");
  if (sections.length > 0) action = `put it under ${oneOf(sections)}`;
  report([...path, key], {
    code: "unknown-key",
    message: path.length === 0 ? `unknown key ${key}` : `unknown key ${key} in ${pathText(path)}`,
    action,
    what: "key",
    ...(sections.length === 0 && suggestions.length > 0 ? { suggestions } : {}),
  });
}

/** The action written in the schema, unless the message is the validator's stock. */
function ownWords(issue: Issue): string | undefined {
  return /^(Invalid|Too|Unrecognized)\b/.test(issue.message) ? undefined : issue.message;
}

/** What a bare number may have meant where a unit or a share is due. */
function reading(value: number, action: string | undefined): readonly string[] | undefined {
  if (action?.includes("500ms")) return [`${value}s`, `${value}m`, `${value}ms`, `${value}h`];
  if (action?.includes("14GB")) return [`${value}GB`, `${value}MB`];
  if (action?.startsWith("write a share") && value > 1 && value <= 100) return [String(value / 100)];
  return undefined;
}

function expectation(path: Path, expected: string): string {
  switch (expected) {
    case "array":
      return `write a list: ${sample(path) ?? "[…]"}`;
    case "object":
    case "record": {
      const keys = [...keysAt(path).keys()].slice(0, 6);
      return keys.length === 0
        ? "write a map of keys and values"
        : `write a map with keys such as ${oneOf(keys.slice(0, 4))}`;
    }
    case "string":
      return "write text, in quotes when it looks like something else";
    case "number":
    case "int":
      return "write a number";
    case "boolean":
      return "write true or false";
    default:
      return "see the documentation of this key";
  }
}

function bound(issue: Issue): string {
  if (issue.code === "too_small")
    return issue.origin === "string" || issue.origin === "array"
      ? "do not leave it empty"
      : `write at least ${issue.minimum}`;
  if (issue.code === "too_big") return `write at most ${issue.maximum}`;
  return "see the documentation of this key";
}

/** An example of what may stand at a path, on one line. */
function sample(path: Path): string | undefined {
  for (const schema of schemasAt(path)) {
    for (const each of [schema, ...alternatives(schema)]) {
      const example = each.examples?.[0] ?? each.enum?.[0];
      if (example !== undefined) return yamlFlow(example);
    }
  }
  return undefined;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a map";
  if (typeof value === "string") return value === "" ? "empty" : `the text ${shown(value)}`;
  if (typeof value === "number") return `the number ${value}`;
  return String(value);
}

export function shown(value: unknown): string {
  if (Array.isArray(value) || (typeof value === "object" && value !== null)) return kindOf(value);
  const text = String(value);
  if (text === "") return "empty";
  const line = text.replaceAll(/\s+/g, " ");
  return typeof value === "string" ? `"${line.length > 40 ? `${line.slice(0, 39)}…` : line}"` : line;
}

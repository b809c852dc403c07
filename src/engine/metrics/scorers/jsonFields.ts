import { canonicalJson } from "../../../base/json.ts";
import { fieldsOf } from "../../../base/untyped.ts";
import { looseLabel } from "../../response/labels.ts";
import { right, type Score, type ScoreInput, type Scorer, withExpected, wrong } from "./scorer.ts";

/** Compares one field of a JSON answer, named by its path (`address.city`, `items[0].name`), with the expected answer or that field of it. */
export function jsonFieldScorer(name: string, path: string): Scorer {
  return {
    name,
    score: (input) =>
      withExpected(input, (expected) => {
        const whole = parsed(expected);
        // A row may hold the whole object or only the value of this field.
        const wanted =
          fieldsOf(whole) !== undefined && at(whole, path) !== undefined ? at(whole, path) : (whole ?? expected);
        const said = at(input.parsed.value, path);
        return same(wanted, said) ? right : wrong(`${path}: expected ${shown(wanted)}, got ${shown(said)}`);
      }),
  };
}

/**
 * The share of expected fields that the JSON answer has right. The fields are those named, or all members of the expected
 * object. A field named here that is a column of the dataset is compared with that column.
 */
export function jsonFieldsScorer(name: string, paths: readonly string[] | undefined): Scorer {
  return {
    name,
    score(input) {
      const wanted = expectedFields(input, paths);
      if (wanted === undefined) return wrong("the expected answer is no JSON object");
      if (wanted.size === 0) return wrong("there are no fields to compare");
      const misses: string[] = [];
      for (const [path, expected] of wanted) {
        const said = at(input.parsed.value, path);
        if (!same(expected, said)) misses.push(`${path}: expected ${shown(expected)}, got ${shown(said)}`);
      }
      const score: Score = { value: (wanted.size - misses.length) / wanted.size };
      return misses.length === 0 ? score : { ...score, detail: misses.slice(0, 3).join("; ") };
    },
  };
}

function expectedFields(input: ScoreInput, paths: readonly string[] | undefined): Map<string, unknown> | undefined {
  const { expected, fields } = input.example;
  const whole = expected === undefined ? undefined : fieldsOf(parsed(expected));
  if (paths === undefined) return whole && new Map(Object.entries(whole));
  const wanted = new Map<string, unknown>();
  for (const path of paths) {
    const value = whole === undefined ? undefined : at(whole, path);
    if (value !== undefined) wanted.set(path, value);
    else if (Object.hasOwn(fields, path)) wanted.set(path, fields[path]);
    else return undefined;
  }
  return wanted;
}

/** The value at a path; undefined where it leads nowhere. */
function at(value: unknown, path: string): unknown {
  let found = value;
  for (const step of path.split(/[.[\]]+/).filter((part) => part !== "")) {
    if (Array.isArray(found)) found = found[Number(step)];
    else found = fieldsOf(found)?.[step];
  }
  return found;
}

/** Equal as JSON; texts compare as labels, and a number may be written as text, as CSV columns have it. */
function same(expected: unknown, said: unknown): boolean {
  if (isScalar(expected) && isScalar(said)) {
    if (typeof expected === "number" || typeof said === "number") return Number(expected) === Number(said);
    return looseLabel(String(expected)) === looseLabel(String(said));
  }
  return said !== undefined && canonicalJson(expected) === canonicalJson(said);
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

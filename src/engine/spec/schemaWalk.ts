import { experimentJsonSchema } from "./schema.ts";
import type { Path } from "./source.ts";

/** The published JSON Schema as the language features walk it. */
export interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly propertyNames?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

let kept: SchemaNode | undefined;

function rootSchema(): SchemaNode {
  kept ??= experimentJsonSchema() as SchemaNode;
  return kept;
}

/** A schema and, for a union, each of its members. */
export function alternatives(schema: SchemaNode): readonly SchemaNode[] {
  return schema.anyOf === undefined ? [schema] : schema.anyOf.flatMap(alternatives);
}

/** Every schema that may govern the value at a path; a union at the path itself is left whole, so that its texts are kept. */
export function schemasAt(path: Path): readonly SchemaNode[] {
  let here: readonly SchemaNode[] = [rootSchema()];
  for (const step of path) {
    const next: SchemaNode[] = [];
    for (const schema of here.flatMap(alternatives)) {
      if (typeof step === "number") {
        if (schema.items !== undefined) next.push(schema.items);
        continue;
      }
      const named = Object.hasOwn(schema.properties ?? {}, step) ? schema.properties?.[step] : undefined;
      if (named !== undefined) next.push(named);
      else if (typeof schema.additionalProperties === "object") next.push(schema.additionalProperties);
    }
    here = next;
  }
  return here;
}

/** Keys a map at the path may have. */
export function keysAt(path: Path): ReadonlyMap<string, SchemaNode> {
  const keys = new Map<string, SchemaNode>();
  for (const schema of schemasAt(path).flatMap(alternatives)) {
    for (const [key, value] of Object.entries(schema.properties ?? {})) if (!keys.has(key)) keys.set(key, value);
    for (const key of schema.propertyNames?.enum ?? []) {
      if (typeof schema.additionalProperties === "object") keys.set(String(key), schema.additionalProperties);
    }
  }
  return keys;
}

/** Values that may stand at the path, where they are a closed list. */
export function valuesAt(path: Path): readonly unknown[] {
  return schemasAt(path)
    .flatMap(alternatives)
    .flatMap(
      (schema) =>
        schema.enum ?? (schema.const !== undefined ? [schema.const] : schema.type === "boolean" ? [true, false] : []),
    );
}

/** Top-level sections in which a key would be right. */
export function sectionsWith(key: string): readonly string[] {
  const found: string[] = [];
  for (const [section, schema] of Object.entries(rootSchema().properties ?? {})) {
    if (alternatives(schema).some((each) => Object.hasOwn(each.properties ?? {}, key))) found.push(section);
  }
  return found;
}

/** A path as people write it: `layouts[2].user`. */
export function pathText(path: Path): string {
  let text = "";
  for (const step of path) text += typeof step === "number" ? `[${step + 1}]` : text === "" ? step : `.${step}`;
  return text === "" ? "the file" : text;
}

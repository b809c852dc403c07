import { fieldsOf } from "../../base/untyped.ts";
import { type Gap, gapsAt, wordAt } from "./cursor.ts";
import type { Range } from "./diagnostic.ts";
import { partNames } from "./experiment.ts";
import {
  builtinLayouts,
  builtinProviders,
  builtinScorers,
  knownParameters,
  listOrders,
  selections,
  styles,
} from "./names.ts";
import { endingsAt } from "./nearFiles.ts";
import type { ParsedExperiment } from "./parse.ts";
import { valueAt } from "./repair.ts";
import { alternatives, keysAt, type SchemaNode, schemasAt, valuesAt } from "./schemaWalk.ts";
import type { Path, SourceDocument } from "./source.ts";
import { yamlFlow, yamlScalar } from "./yamlText.ts";

/** What the editor knows beyond the file itself; each part may be missing. */
export interface LanguageContext {
  /** Columns of the dataset. */
  readonly columns?: readonly string[];
  /** A row of the dataset, to show what a column holds. */
  readonly sample?: Readonly<Record<string, unknown>>;
  /** Ids of models that can be asked, as `provider:model`. */
  readonly models?: readonly { readonly id: string; readonly detail?: string | undefined }[];
  /** Layouts there are. Default: the built-in names without descriptions. */
  readonly layouts?: readonly { readonly name: string; readonly description: string }[];
  readonly scorers?: readonly string[];
  /** Files near the experiment, as it would name them. */
  readonly files?: readonly string[];
}

export interface Completion {
  readonly label: string;
  readonly kind: "key" | "value" | "column" | "layout" | "part" | "model";
  /** Replaces `range`. */
  readonly newText: string;
  readonly range: Range;
  /** A few words beside the label. */
  readonly detail: string;
  /** Markdown. */
  readonly documentation: string;
}

/** What may be written at the offset, the likeliest first. Works on files that are broken because someone is typing. */
export function completions(parsed: ParsedExperiment, offset: number, context: LanguageContext): readonly Completion[] {
  const { source } = parsed;
  const placeholder = inPlaceholder(source, offset, context);
  if (placeholder !== undefined) return placeholder;
  const word = wordAt(source.text, offset);
  const range = source.range(word.start, word.end);
  const out: Completion[] = [];
  for (const gap of gapsAt(source.text, word)) {
    if (gap.kind === "key") out.push(...keyCompletions(parsed, gap, word.start, word.end, range, context));
    else out.push(...valueCompletions(parsed, gap.path, range, context));
  }
  const seen = new Set<string>();
  return out.filter((each) => !seen.has(each.newText) && seen.add(each.newText));
}

/** Columns, when the cursor stands behind an open `{{`. */
function inPlaceholder(
  source: SourceDocument,
  offset: number,
  { columns = [], sample }: LanguageContext,
): Completion[] | undefined {
  const line = source.text.slice(source.text.lastIndexOf("\n", offset - 1) + 1, offset);
  const open = /(?<!\\)\{\{\s*([^{}]*)$/.exec(line);
  if (open === null) return undefined;
  const rest = /^([^{}\n"']*?)\s*(\}\}|$|["'\n])/.exec(source.text.slice(offset));
  const closed = rest?.[2] === "}}";
  const typed = open[1] ?? "";
  // Only what closes belongs to the placeholder; otherwise the rest of the line is text.
  const end = closed ? offset + (rest?.[1]?.length ?? 0) : offset;
  const bare = /^\s*(-\s+)?[\w.-]+:\s+$/.test(line.slice(0, open.index));
  const start = offset - typed.length;
  return columns.map((column) => {
    const whole = bare && !closed;
    return {
      label: column,
      kind: "column",
      newText: whole ? `"{{${column}}}"` : closed ? column : `${column}}}`,
      range: source.range(whole ? offset - (line.length - open.index) : start, end),
      detail: "column of the dataset",
      documentation: sampleText(column, sample),
    };
  });
}

export function sampleText(column: string, sample: Readonly<Record<string, unknown>> | undefined): string {
  const value = sample?.[column];
  if (value === undefined || value === null) return `The column \`${column}\` of the example.`;
  const text = String(value);
  return `The column \`${column}\` of the example, such as:\n\n> ${(text.length > 200 ? `${text.slice(0, 199)}…` : text).replaceAll("\n", "\n> ")}`;
}

function keyCompletions(
  parsed: ParsedExperiment,
  gap: Gap,
  start: number,
  end: number,
  range: Range,
  context: LanguageContext,
): Completion[] {
  const { source } = parsed;
  const colon = /^\s*:(\s|$)/.test(source.text.slice(end));
  const quotedAlready = /["']/.test(source.text[start - 1] ?? "");
  const indent =
    /^[ \t-]*/.exec(source.text.slice(source.text.lastIndexOf("\n", start - 1) + 1, start))?.[0].replaceAll("-", " ") ??
    "";
  const make = (key: string, schema: SchemaNode | undefined, detail: string): Completion => {
    const nested = !gap.flow && schema !== undefined && alternatives(schema).every((each) => each.type === "object");
    const tail = colon || quotedAlready ? "" : nested ? `:\n${indent}  ` : ": ";
    return { label: key, kind: "key", newText: key + tail, range, detail, documentation: describe(schema) };
  };
  const out: Completion[] = [];
  for (const [key, schema] of keysAt(gap.path)) {
    if (gap.siblings.includes(key) || key === "$schema") continue;
    if (!fitsSiblings(gap, key, valueAt(source.value, gap.path))) continue;
    out.push(make(key, schema, defaultText(schema)));
  }
  if (samePath(gap.path, ["parameters"])) {
    for (const key of knownParameters) if (!gap.siblings.includes(key)) out.push(make(key, undefined, "parameter"));
  }
  if (samePath(gap.path, ["dataset", "filter"])) {
    for (const key of context.columns ?? []) if (!gap.siblings.includes(key)) out.push(make(key, undefined, "column"));
  }
  return out;
}

/** In a union of maps, only keys that some member has together with those already there, and with their values. */
function fitsSiblings({ path, siblings }: Gap, key: string, map: unknown): boolean {
  const all = schemasAt(path)
    .flatMap(alternatives)
    .filter((each) => each.properties !== undefined);
  if (all.length < 2) return true;
  const told = fieldsOf(map) ?? {};
  const admits = (member: SchemaNode, sibling: string) => {
    const kind = member.properties?.[sibling]?.const;
    return kind === undefined || !(sibling in told) || told[sibling] === kind;
  };
  const exact = all.filter((member) => siblings.every((sibling) => admits(member, sibling)));
  const members = exact.length === 0 ? all : exact;
  const known = siblings.filter((each) => members.some((member) => Object.hasOwn(member.properties ?? {}, each)));
  return members.some((member) => [key, ...known].every((each) => Object.hasOwn(member.properties ?? {}, each)));
}

function samePath(a: Path, b: readonly (string | number | "*")[]): boolean {
  return a.length === b.length && a.every((step, index) => b[index] === "*" || b[index] === step);
}

function valueCompletions(parsed: ParsedExperiment, path: Path, range: Range, context: LanguageContext): Completion[] {
  const make = (kind: Completion["kind"], label: string, detail: string, documentation: string): Completion => ({
    label,
    kind,
    newText: label,
    range,
    detail,
    documentation,
  });
  const isPath = (...wanted: (string | number)[]) => samePath(path, wanted);
  const columns = () =>
    (context.columns ?? []).map((column) =>
      make("column", column, "column of the dataset", sampleText(column, context.sample)),
    );

  if (isPath("models", "*") || isPath("scoring", "*", "model")) return modelCompletions(context, make);
  if (isPath("layouts", "*")) return layoutCompletions(parsed, context, make);
  if (isPath("layouts", "*", "hybrid", "*")) return layoutCompletions(parsed, context, make);
  if (isPath("layouts", "*", "dynamic", "*", "use")) return layoutCompletions(parsed, context, make);
  if (isPath("ensemble", "*", "layouts", "*")) {
    return (parsed.draft?.layouts ?? []).map(({ name }) =>
      make("layout", name, "layout of this file", describeLayout(name, context)),
    );
  }
  if (isPath("layouts", "*", "system", "*") || isPath("layouts", "*", "user", "*")) {
    const taken = valueAt(parsed.source.value, path.slice(0, -1));
    const free = partNames.filter((part) => !Array.isArray(taken) || !taken.includes(part));
    return [...free, ...partNames.filter((part) => !free.includes(part))].map((part) =>
      make("part", part, "part of the prompt", describe(keysAt(["prompt"]).get(part))),
    );
  }
  if (isPath("scoring", "*") || isPath("scoring", "*", "type")) {
    return (context.scorers ?? builtinScorers).map((name) => make("value", name, "scorer", ""));
  }
  if (isPath("dataset", "expected") || isPath("dataset", "id") || isPath("dataset", "input", "*")) return columns();
  if (isPath("parameters", "style") || isPath("parameters", "style", "*"))
    return styles.map((each) => make("value", each, "style", ""));
  if (["examples.order", "options.order"].some((name) => isPath("parameters", name) || isPath("parameters", name, "*")))
    return listOrders.map((value) => make("value", value, "order", ""));
  if (isPath("parameters", "examples.select") || isPath("parameters", "examples.select", "*"))
    return selections.map((each) => make("value", each, "selection", ""));
  if (isPath("assert", "against")) return [make("value", "baseline", "the run marked as baseline", "")];

  const endings = endingsAt(path);
  const fitting = (context.files ?? []).filter((file) => endings?.includes(file.slice(file.lastIndexOf(".") + 1)));
  if (fitting.length > 0)
    return fitting.map((file) => ({ ...make("value", file, "file", ""), newText: yamlScalar(file) }));

  const here = schemasAt(path);
  const documentation = describe(here[0]);
  const closed = valuesAt(path).map((value) =>
    make("value", String(value), value === here[0]?.default ? "default" : "", documentation),
  );
  const examples = here
    .flatMap((schema) => schema.examples ?? [])
    .filter((example) => typeof example !== "object")
    .map((example) => make("value", yamlScalar(String(example)), "example", documentation));
  return [...closed, ...examples];
}

type Make = (kind: Completion["kind"], label: string, detail: string, documentation: string) => Completion;

function modelCompletions({ models = [] }: LanguageContext, make: Make): Completion[] {
  const known = models.map(({ id, detail }) => make("model", id, detail ?? "model", ""));
  const prefixes = builtinProviders.map((provider) =>
    make("model", `${provider}:`, "provider", `A model of \`${provider}\`: write its name behind the colon.`),
  );
  return models.some(({ id }) => id === "builtin:reader")
    ? [...known, ...prefixes]
    : [
        make(
          "model",
          "builtin:reader",
          "works offline",
          "The built-in reader: answers without a network, for trying things out.",
        ),
        ...known,
        ...prefixes,
      ];
}

function layoutCompletions(parsed: ParsedExperiment, context: LanguageContext, make: Make): Completion[] {
  const named = context.layouts?.map((each) => each.name) ?? builtinLayouts;
  const own = (parsed.draft?.layouts ?? []).filter((each) => each.kind !== "named").map((each) => each.name);
  return [...new Set([...named, ...own])].map((name) => make("layout", name, "layout", describeLayout(name, context)));
}

export function describeLayout(name: string, { layouts }: LanguageContext): string {
  return layouts?.find((each) => each.name === name)?.description ?? "";
}

function defaultText(schema: SchemaNode): string {
  const value = schema.default;
  return value === undefined || typeof value === "object" ? "" : `default ${String(value)}`;
}

/** Markdown about a key: what it means, its values, default and an example. */
export function describe(schema: SchemaNode | undefined): string {
  if (schema === undefined) return "";
  const lines = [schema.description ?? ""];
  const values = alternatives(schema).flatMap((each) => each.enum ?? (each.const !== undefined ? [each.const] : []));
  if (values.length > 0) lines.push(`One of ${values.map((value) => `\`${String(value)}\``).join(", ")}.`);
  if (schema.default !== undefined && typeof schema.default !== "object")
    lines.push(`Default: \`${String(schema.default)}\`.`);
  const example = schema.examples?.[0];
  if (example !== undefined) lines.push(`Example: \`${typeof example === "string" ? example : yamlFlow(example)}\``);
  return lines.filter((line) => line !== "").join("\n\n");
}

import { describe, describeLayout, type LanguageContext, sampleText } from "./completions.ts";
import { placeAt } from "./cursor.ts";
import type { Range } from "./diagnostic.ts";
import { partNames } from "./experiment.ts";
import type { ParsedExperiment } from "./parse.ts";
import { placeholdersOf } from "./placeholders.ts";
import { valueAt } from "./repair.ts";
import { keysAt, schemasAt } from "./schemaWalk.ts";
import type { Path } from "./source.ts";
import { parseDuration, parseSize } from "./units.ts";

export interface Hover {
  readonly range: Range;
  /** Markdown. */
  readonly text: string;
}

/** What the key, column, layout, part or model under the offset means. */
export function hover(parsed: ParsedExperiment, offset: number, context: LanguageContext): Hover | undefined {
  const { source } = parsed;
  const place = placeAt(source, offset);
  if (place === undefined) return undefined;
  const whole = source.range(place.start, place.end);
  if (place.on === "key") {
    const text = keyText(place.path, context);
    return text === "" ? undefined : { range: whole, text };
  }
  const written = source.text.slice(place.start, place.end);
  for (const each of placeholdersOf(written)) {
    const start = place.start + each.start;
    const end = place.start + each.end;
    if (offset < start || offset > end) continue;
    return { range: source.range(start, end), text: placeholderText(parsed, each.column, context) };
  }
  const text = valueText(parsed, place.path, context);
  return text === "" ? undefined : { range: whole, text };
}

function keyText(path: Path, context: LanguageContext): string {
  const key = String(path.at(-1));
  if (path.length === 3 && path[0] === "dataset" && path[1] === "filter") return sampleText(key, context.sample);
  if (path[0] === "parameters" && path.length === 2)
    return parameterTexts[key] ?? `Sent to the provider as \`${key}\`.`;
  const text = describe(keysAt(path.slice(0, -1)).get(key));
  return text === "" ? "" : `**${key}**\n\n${text}`;
}

const parameterTexts: Readonly<Record<string, string>> = {
  temperature: "How freely the model chooses its words: 0 takes the likeliest, 1 follows its own odds.",
  top_p: "Only the likeliest words that together have this share of the odds are considered.",
  max_tokens: "Longest answer, in tokens.",
  seed: "Seed of the model's own choices, where the provider takes one.",
  reasoning_effort: "How long a reasoning model thinks.",
  "examples.count": "How many demonstrations stand in a prompt; 0 leaves them out.",
  "examples.select": "Which demonstrations stand in a prompt: first, random or nearest.",
  "examples.order": "Order of the chosen demonstrations: asWritten, reversed or shuffled (once, by the seed).",
  "options.order": "Order in which the prompt lists the labels: asWritten, reversed or shuffled (once, by the seed).",
  packing: "How many examples one request carries; 1 gives each its own. A list shows what packing does to accuracy.",
  style: "How parts are set apart: plain, markdown or xml.",
};

function placeholderText({ draft }: ParsedExperiment, column: string, context: LanguageContext): string {
  const mapped = Object.entries(draft?.dataset.input ?? {}).find(([part]) => part === column)?.[1];
  const name = mapped ?? column;
  if (context.columns !== undefined && !context.columns.includes(name)) return `The dataset has no column \`${name}\`.`;
  return sampleText(name, context.sample);
}

function valueText(parsed: ParsedExperiment, path: Path, context: LanguageContext): string {
  const value = valueAt(parsed.source.value, path);
  if (typeof value !== "string") return "";
  const [section] = path;
  if (section === "layouts" && (path[2] === "system" || path[2] === "user")) {
    return partNames.some((part) => part === value) ? describe(keysAt(["prompt"]).get(value)) : "";
  }
  if (
    (section === "layouts" && (path.length === 2 || path[2] === "hybrid" || path[4] === "use")) ||
    (section === "ensemble" && path[2] === "layouts")
  ) {
    const layout = parsed.draft?.layouts.find((each) => each.name === value);
    if (layout?.kind === "declared") {
      return `**${value}** (declared in this file)\n\n- system: ${layout.system.join(", ") || "none"}\n- user: ${layout.user.join(", ") || "none"}`;
    }
    const description = describeLayout(value, context);
    return description === "" ? "" : `**${value}**\n\n${description}`;
  }
  if (section === "models") return context.models?.find((each) => each.id === value)?.detail ?? "";
  const milliseconds = parseDuration(value);
  if (milliseconds !== undefined && section === "limits") return `${milliseconds.toLocaleString("en")} ms`;
  const bytes = parseSize(value);
  if (bytes !== undefined && section === "context") return `${bytes.toLocaleString("en")} bytes`;
  // The values of a closed list are explained with their key.
  return schemasAt(path).some((schema) => schema.enum !== undefined) ? describe(schemasAt(path)[0]) : "";
}

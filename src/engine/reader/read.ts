import { defaultAttention, type Gaze, gazeOver } from "./attention.ts";
import { type Evidence, evidenceOf } from "./evidence.ts";
import { type Form, formOf, isConfidenceKey } from "./form.ts";
import { focusOf, judge } from "./judge.ts";
import { type Choices, choicesOf } from "./labels.ts";
import { lookUp, lookUpNumber, lookUpSql } from "./lookup.ts";
import { type Outline, outlineOf, type Segment } from "./outline.ts";
import type { AnswerForm, Attention, ReaderMessage, ReaderOptions, Reading } from "./reading.ts";
import { type Content, fillKeys, fillSchema, rounded } from "./schemaAnswer.ts";
import { approximateTokens } from "./words.ts";

/**
 * The built-in offline model. Reads a prompt and answers it by lexical similarity under an attention curve: the segment's words
 * against label names, definitions and demonstrations, each weighed by how well its place in the prompt is attended to.
 * It sees the messages and nothing else. Deterministic in messages and options; never throws.
 */
export function readPrompt(messages: readonly ReaderMessage[], options: ReaderOptions = {}): Reading {
  const outline = outlineOf(messages);
  const attention = options.attention ?? defaultAttention;
  const gaze = gazeOver(attention, outline.length, outline.turnStart);
  const schema = options.schema ?? schemaIn(outline);
  const choices = withSchemaLabels(choicesOf(outline), schema);
  const form = formOf(outline, choices.labels.length);
  const evidence = evidenceOf(outline, choices);
  const focus = focusOf(outline, gaze);
  const noise = Number.isFinite(options.temperature) ? Math.min(10, Math.max(0, options.temperature ?? 0)) : 0;
  const key =
    noise === 0 ? "" : `${options.seed ?? 0}\u0000${messages.map((message) => message.content).join("\u0000")}`;
  const contentFor = (segment: Segment): Content =>
    answerFor(segment, { outline, gaze, evidence, focus, attention, form, noise, key });
  const written = compose(outline, form, contentFor, schema);
  const tokens = options.tokens ?? approximateTokens;
  let promptTokens = 3;
  for (const message of messages) promptTokens += 4 + tokens(message.content);
  return {
    ...written,
    usage: { promptTokens, completionTokens: Math.max(1, tokens(written.text)), approximate: true },
  };
}

interface Desk {
  readonly outline: Outline;
  readonly gaze: Gaze;
  readonly evidence: Evidence;
  readonly focus: number;
  readonly attention: Attention;
  readonly form: Form;
  readonly noise: number;
  readonly key: string;
}

function answerFor(segment: Segment, { outline, gaze, evidence, focus, attention, form, noise, key }: Desk): Content {
  if (evidence.labels.length > 0) {
    const candidates = judge(segment, {
      evidence,
      gaze,
      focus,
      attention,
      noise,
      key: `${segment.id ?? ""}\u0000${key}`,
    });
    const best = candidates[0];
    if (best !== undefined) return { text: best.label, confidence: best.probability, candidates };
  }
  const own = segment.id === undefined ? outline : { ...outline, segments: [segment] };
  const found =
    form.kind === "number" ? lookUpNumber(own, gaze) : form.kind === "sql" ? lookUpSql(own) : lookUp(own, gaze);
  return { ...found, candidates: [] };
}

type Written = Pick<Reading, "text" | "form" | "confidence" | "candidates">;

function compose(outline: Outline, form: Form, contentFor: (segment: Segment) => Content, schema: unknown): Written {
  if (form.kind === "packed") return composePacked(outline, form, contentFor, schema);
  const content = contentFor(outline.segments[0] as Segment);
  const { confidence, candidates } = content;
  const say = (text: string, as: AnswerForm): Written => ({
    text: text.trim() === "" ? "unknown" : text,
    form: as,
    confidence,
    candidates,
  });
  if (schema !== undefined && schema !== null) return say(JSON.stringify(fillSchema(schema, content)), "json");
  switch (form.kind) {
    case "json":
      return say(JSON.stringify(fillKeys(form.keys, content)), "json");
    case "ranked": {
      const ranked =
        candidates.length > 0 ? candidates.slice(0, form.most) : [{ label: content.text, probability: confidence }];
      if (!form.json) return say(ranked.map((candidate, i) => `${i + 1}. ${candidate.label}`).join("\n"), "ranked");
      const keyed = form.keys.some(isConfidenceKey);
      const items = ranked.map(({ label, probability }) =>
        keyed ? fillKeys(form.keys, { text: label, confidence: probability, candidates }) : label,
      );
      return say(JSON.stringify(items), "ranked");
    }
    case "label":
    case "number":
      return say(content.text, form.kind);
    default:
      return say(content.text, "text");
  }
}

function composePacked(
  outline: Outline,
  form: Form & { readonly kind: "packed" },
  contentFor: (segment: Segment) => Content,
  schema: unknown,
): Written {
  const answers = outline.segments.map((segment) => ({ id: segment.id ?? "", content: contentFor(segment) }));
  const keys = form.keys.filter((name) => name !== "id");
  const items = answers.map(({ id, content }) => ({
    id: form.numericIds && /^\d+$/.test(id) ? Number(id) : id,
    ...fillKeys(keys.length > 0 ? keys : ["answer"], content),
  }));
  const confidence = answers.reduce((sum, { content }) => sum + content.confidence, 0) / Math.max(1, answers.length);
  const listKey = listPropertyOf(schema);
  const text = JSON.stringify(listKey === undefined ? items : { [listKey]: items });
  return { text, form: "packed", confidence: rounded(confidence) || 0.01, candidates: [] };
}

/** The JSON Schema an output format spells out. */
function schemaIn(outline: Outline): unknown {
  for (const { kind, text } of outline.blocks) {
    if (kind !== "output" || !text.includes("JSON Schema")) continue;
    const from = text.indexOf("{");
    const to = text.lastIndexOf("}");
    if (from < 0 || to < from) continue;
    try {
      return JSON.parse(text.slice(from, to + 1));
    } catch {
      // Prose with braces: the keys it names serve instead.
    }
  }
  return undefined;
}

/** Strict schemas must be objects at the top; the array then sits under their one list property. */
function listPropertyOf(schema: unknown): string | undefined {
  if (typeof schema !== "object" || schema === null || !("properties" in schema)) return undefined;
  const properties = schema.properties;
  if (typeof properties !== "object" || properties === null) return undefined;
  for (const [name, inner] of Object.entries(properties)) {
    if (typeof inner === "object" && inner !== null && "type" in inner && inner.type === "array") return name;
  }
  return undefined;
}

/** Labels that only the schema's enum names. */
function withSchemaLabels(choices: Choices, schema: unknown): Choices {
  if (choices.labels.length > 1 || schema === undefined) return choices;
  const allowed = firstEnum(schema, 0);
  return allowed === undefined ? choices : { ...choices, labels: allowed };
}

function firstEnum(schema: unknown, depth: number): readonly string[] | undefined {
  if (typeof schema !== "object" || schema === null || depth > 8) return undefined;
  if ("enum" in schema && Array.isArray(schema.enum) && schema.enum.length > 1) {
    const names = schema.enum.filter((value): value is string => typeof value === "string");
    if (names.length === schema.enum.length) return names;
  }
  for (const inner of Object.values(schema)) {
    const found = firstEnum(inner, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

import type { Gaze } from "./attention.ts";
import type { Block, Outline } from "./outline.ts";
import { looseKey, wordsOf } from "./words.ts";

/** A stretch of the prompt chosen as an answer. */
export interface Found {
  readonly text: string;
  /** In (0, 1]. */
  readonly confidence: number;
}

interface Sentence {
  readonly text: string;
  readonly start: number;
  readonly system: boolean;
}

/**
 * Answers without labels: the value behind a key the question names, else the sentence that shares most rare words with the
 * question, each weighed by the attention where it stands, so that evidence in the middle of a long prompt is found less often.
 */
export function lookUp(outline: Outline, gaze: Gaze): Found {
  const question = questionOf(outline);
  const keyed = valueOfKey(outline, question, gaze);
  if (keyed !== undefined) return keyed;
  const wanted = new Set(wordsOf(question).flatMap(({ stem }) => [stem, looseKey(stem) ?? stem]));
  const sentences = sentencesOf(outline, question);
  const counts = new Map<string, number>();
  const bags = sentences.map((sentence) => {
    const bag = new Set(wordsOf(sentence.text).flatMap(({ stem }) => [stem, looseKey(stem) ?? stem]));
    for (const stem of bag) counts.set(stem, (counts.get(stem) ?? 0) + 1);
    return bag;
  });
  let best: Sentence | undefined;
  let bestScore = 0;
  let second = 0;
  for (const [i, sentence] of sentences.entries()) {
    let score = 0;
    for (const stem of bags[i] ?? [])
      if (wanted.has(stem)) score += Math.log(1 + sentences.length / (counts.get(stem) ?? 1));
    score *= gaze.at(sentence.start, sentence.system) / Math.sqrt(8 + (bags[i]?.size ?? 0));
    if (score > bestScore) {
      second = bestScore;
      bestScore = score;
      best = sentence;
    } else if (score > second) second = score;
  }
  if (best === undefined) return { text: sentences.at(-1)?.text.trim() || "unknown", confidence: 0.05 };
  return { text: best.text.trim(), confidence: Math.min(0.95, Math.max(0.05, bestScore / (bestScore + second + 0.2))) };
}

/** The number a prompt's segment most invites: the one among its question's words, else the last one read. */
export function lookUpNumber(outline: Outline, gaze: Gaze): Found {
  let best = "";
  let bestScore = -1;
  const wanted = new Set(wordsOf(questionOf(outline)).map((word) => word.stem));
  for (const block of evidenceBlocks(outline)) {
    for (const match of block.text.matchAll(/-?\d[\d,]*(?:\.\d+)?/g)) {
      const near = wordsOf(block.text.slice(Math.max(0, match.index - 60), match.index + 60));
      const shared = near.filter((word) => wanted.has(word.stem)).length;
      const score = (1 + shared) * gaze.at(block.start + match.index, block.system);
      if (score >= bestScore) {
        bestScore = score;
        best = match[0].replaceAll(",", "");
      }
    }
  }
  return best === "" ? { text: "0", confidence: 0.02 } : { text: best, confidence: 0.15 };
}

/** A query over the table and columns whose names come nearest to the question's words. */
export function lookUpSql(outline: Outline): Found {
  const wanted = new Set(wordsOf(questionOf(outline)).map((word) => word.stem));
  const overlap = (name: string): number =>
    wordsOf(name.replace(/[_.]+/g, " ")).filter((word) => wanted.has(word.stem)).length;
  let best = { table: "", columns: [] as string[], score: -1 };
  for (const { text } of outline.blocks) {
    for (const match of text.matchAll(
      /(?:CREATE TABLE\s+(?:IF NOT EXISTS\s+)?|^[ \t]*(?:[-*•][ \t]*)?)["`]?(\w+)["`]?\s*\(([^;]{2,2000}?)\)/gim,
    )) {
      const columns = (match[2] ?? "").split(",").flatMap((column) => /^\s*["`]?(\w+)/.exec(column)?.[1] ?? []);
      const names = columns.filter((name) => !/^(primary|foreign|unique|constraint|check)$/i.test(name));
      const score = 2 * overlap(match[1] ?? "") + names.reduce((sum, name) => sum + overlap(name), 0);
      if (score > best.score) best = { table: match[1] ?? "", columns: names, score };
    }
  }
  if (best.table === "") return { text: "SELECT 1;", confidence: 0.02 };
  if (/\bhow many\b|\bnumber of\b|\bcount\b/i.test(questionOf(outline))) {
    return { text: `SELECT COUNT(*) FROM ${best.table};`, confidence: 0.3 };
  }
  const chosen = best.columns.filter((name) => overlap(name) > 0);
  return { text: `SELECT ${chosen.length > 0 ? chosen.join(", ") : "*"} FROM ${best.table};`, confidence: 0.2 };
}

function questionOf(outline: Outline): string {
  const asked = outline.blocks.filter((block) => block.kind === "question").map((block) => block.text);
  // The text itself is the question where a context stands beside it.
  if (outline.blocks.some((block) => block.kind === "context")) {
    for (const { kind, text } of outline.segments) if (kind === "segment") asked.push(text);
  }
  return asked.join("\n") || outline.segments.map((segment) => segment.text).join("\n");
}

function evidenceBlocks(outline: Outline): readonly Block[] {
  const context = outline.blocks.filter((block) => block.kind === "context");
  return context.length > 0 ? context : outline.segments;
}

function sentencesOf(outline: Outline, question: string): Sentence[] {
  const sentences: Sentence[] = [];
  for (const block of evidenceBlocks(outline)) {
    for (const match of block.text.matchAll(/[^\n.!?]+(?:[.!?](?!\s|$)[^\n.!?]*)*[.!?]?/g)) {
      const text = match[0];
      if (text.trim() === "" || text.trim() === question.trim()) continue;
      sentences.push({ text, start: block.start + match.index, system: block.system });
    }
  }
  return sentences;
}

/** `"key": "value"` lines: the value whose key the question names, unless the eye slides to a neighbour. */
function valueOfKey(outline: Outline, question: string, gaze: Gaze): Found | undefined {
  const names = new Set(question.match(/[\w-]{6,}/g) ?? []);
  if (names.size === 0) return undefined;
  for (const block of outline.blocks) {
    if (block.kind === "question" || block.kind === "examples") continue;
    const pairs = [...block.text.matchAll(/"([\w-]{6,})"\s*:\s*"([^"\n]{1,200})"/g)];
    const at = pairs.findIndex((pair) => names.has(pair[1] ?? ""));
    const pair = pairs[at];
    if (pair === undefined) continue;
    const attention = gaze.at(block.start + pair.index, block.system);
    const clear = fraction(pair[1] ?? "") < attention + 0.25;
    const answer = clear ? pair : (pairs[at + 1] ?? pairs[at - 1] ?? pair);
    return { text: answer[2] ?? "", confidence: Math.min(0.98, attention + 0.2) };
  }
  return undefined;
}

function fraction(text: string): number {
  let h = 2166136261;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
  h = Math.imul(h ^ (h >>> 16), 2246822507);
  return ((h ^ (h >>> 13)) >>> 0) / 4294967296;
}

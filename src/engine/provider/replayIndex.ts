import { createReadStream } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { messageOf, UserError } from "../../base/errors.ts";
import { canonicalJson } from "../../base/json.ts";
import { type Fields, field, fieldsOf, numberField, textField } from "../../base/untyped.ts";

/** Files up to this size are kept in memory; of larger ones only where each line stands. */
const heldBytes = 48 * 1048576;

/** A line itself, or where it stands in the file. */
type Entry = string | { readonly offset: number; readonly length: number };

/** One recorded trial. */
export interface ReplayLine {
  readonly output: string | undefined;
  readonly promptTokens: number | undefined;
  readonly completionTokens: number | undefined;
  readonly cachedTokens: number | undefined;
  readonly latencyMs: number | undefined;
  readonly confidence: number | undefined;
  readonly expected: string | undefined;
  readonly correct: number | undefined;
}

interface ReplayKey {
  readonly example: string;
  readonly layout: string;
  readonly model: string;
  readonly repeat: number;
  readonly parameters: Readonly<Record<string, unknown>> | undefined;
}

export interface ReplayIndex {
  /** In order of first appearance. */
  readonly models: readonly string[];
  readonly layouts: readonly string[];
  /** Trials recorded. */
  readonly size: number;
  find(key: ReplayKey): Promise<ReplayLine | undefined>;
  close(): Promise<void>;
}

/**
 * Reads a file of recorded outputs once, line by line, and finds its trials by example, layout, model and repeat. Lines of
 * the same trial without a `repeat` count as its repeats in the order they stand. Rejects with a `UserError` that names file
 * and line.
 */
export async function openReplayIndex(path: string, shownPath: string): Promise<ReplayIndex> {
  let file: FileHandle | undefined;
  try {
    const size = (await stat(path)).size;
    const keepText = size <= heldBytes;
    const entries = new Map<string, Entry>();
    const models = new Set<string>();
    const layouts = new Set<string>();
    let lineNumber = 0;
    for await (const line of linesOf(path)) {
      lineNumber++;
      if (line.text.trim() === "") continue;
      const where = `${shownPath}:${lineNumber}`;
      const fields = parseLine(line.text, where);
      const model = fields.model;
      models.add(model);
      layouts.add(fields.layout);
      let repeat = fields.repeat ?? 0;
      const key = (n: number) => keyOf({ ...fields, repeat: n });
      if (fields.repeat === undefined) while (entries.has(key(repeat))) repeat++;
      entries.set(key(repeat), keepText ? line.text : { offset: line.offset, length: line.length });
    }
    if (entries.size === 0) {
      throw new UserError("replay-empty", "the file of recorded outputs is empty", "record or export one", shownPath);
    }
    if (!keepText) file = await open(path, "r");
    const handle = file;
    return {
      models: [...models],
      layouts: [...layouts],
      size: entries.size,
      async find(key) {
        const exact = key.parameters === undefined ? undefined : entries.get(keyOf(key));
        const entry = exact ?? entries.get(keyOf({ ...key, parameters: undefined }));
        if (entry === undefined) return undefined;
        return toLine(typeof entry === "string" ? entry : await readAt(handle, entry));
      },
      close: async () => handle?.close(),
    };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      "replay-unreadable",
      `cannot read recorded outputs (${messageOf(error)})`,
      "check the path",
      shownPath,
    );
  }
}

function keyOf(key: Omit<ReplayKey, "parameters"> & { readonly parameters?: ReplayKey["parameters"] }): string {
  const parameters = key.parameters === undefined ? "" : canonicalJson(key.parameters);
  return `${key.model}\u0000${key.layout}\u0000${key.example}\u0000${key.repeat}\u0000${parameters}`;
}

function parseLine(text: string, where: string) {
  let line: Fields | undefined;
  try {
    line = fieldsOf(JSON.parse(text));
  } catch (error) {
    throw new UserError("replay-line", `not a JSON line (${messageOf(error)})`, "write one JSON object a line", where);
  }
  const example = nameField(line, "example");
  const layout = nameField(line, "layout");
  const model = nameField(line, "model");
  if (example === undefined || layout === undefined || model === undefined) {
    const missing = example === undefined ? "example" : layout === undefined ? "layout" : "model";
    throw new UserError(
      "replay-line",
      `"${missing}" is missing`,
      'each line needs "example", "layout" and "model"',
      where,
    );
  }
  if (textField(line, "output") === undefined && field(line, "correct") === undefined) {
    throw new UserError(
      "replay-line",
      '"output" is missing',
      'each line needs "output", or "correct" when only the score is known',
      where,
    );
  }
  return {
    example,
    layout,
    model,
    repeat: numberField(line, "repeat"),
    parameters: fieldsOf(field(line, "parameters")),
  };
}

/** Ids are often written as numbers. */
function nameField(line: unknown, name: string): string | undefined {
  const value = field(line, name);
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined;
}

function toLine(text: string): ReplayLine {
  const line: unknown = JSON.parse(text);
  const correct = field(line, "correct");
  return {
    output: textField(line, "output"),
    promptTokens: numberField(line, "prompt_tokens"),
    completionTokens: numberField(line, "completion_tokens"),
    cachedTokens: numberField(line, "cached_tokens"),
    latencyMs: numberField(line, "latency_ms"),
    confidence: numberField(line, "confidence"),
    expected: nameField(line, "expected"),
    correct: typeof correct === "boolean" ? Number(correct) : numberField(line, "correct"),
  };
}

async function readAt(file: FileHandle | undefined, at: { readonly offset: number; readonly length: number }) {
  const buffer = Buffer.alloc(at.length);
  await file?.read(buffer, 0, at.length, at.offset);
  return buffer.toString("utf8");
}

/** Lines with their byte offsets, so that one can be read again alone. */
async function* linesOf(path: string): AsyncGenerator<{ text: string; offset: number; length: number }> {
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    const data: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let end = data.indexOf(10, from); end !== -1; end = data.indexOf(10, from)) {
      yield { text: data.toString("utf8", from, end), offset: offset + from, length: end - from };
      from = end + 1;
    }
    rest = data.subarray(from);
    offset += from;
  }
  if (rest.length > 0) yield { text: rest.toString("utf8"), offset, length: rest.length };
}

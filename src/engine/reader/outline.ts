import { memo } from "./memo.ts";
import type { ReaderMessage } from "./reading.ts";

/** What a stretch of a prompt is for, as far as its headings and wording tell. */
type BlockKind =
  | "role"
  | "instructions"
  | "definitions"
  | "examples"
  | "context"
  | "segment"
  | "question"
  | "check"
  | "output"
  | "answer"
  | "other";

/** A stretch of one message. Offsets count characters from the start of the whole prompt. */
export interface Block {
  readonly kind: BlockKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** True for text of a system message. */
  readonly system: boolean;
  /** The id a packed segment carries. */
  readonly id?: string;
}

/** Something to judge, with every place where the prompt says it. */
export interface Segment extends Block {
  readonly copies: readonly Block[];
}

/** A worked example found in the prompt. */
export interface Shown {
  readonly input: string;
  readonly answer: string;
  readonly start: number;
  readonly end: number;
  readonly system: boolean;
}

export interface Outline {
  /** Characters in the whole prompt. */
  readonly length: number;
  /** Where the last user message begins. */
  readonly turnStart: number;
  readonly blocks: readonly Block[];
  readonly demonstrations: readonly Shown[];
  /** What is to be judged: one, or several when the prompt is packed. Never empty. */
  readonly segments: readonly Segment[];
}

const kinds: readonly (readonly [RegExp, BlockKind])[] = [
  [/^(quick ?check|check|reminder|remember|before you answer)/, "check"],
  [/^(output|answer|response|reply)[ _-]?(format|form|schema)|^format$/, "output"],
  [/^(worked |some )?(examples?|demonstrations?|shots|few[ _-]?shots?)\b/, "examples"],
  [
    /^((label|category|class|intent)s? )?(definitions?|glossary|descriptions?)$|^(labels|categories|classes|intents|options|choices)$/,
    "definitions",
  ],
  [/^(context|background|documents?|knowledge|passages?|reference|schema|tables?)$/, "context"],
  [
    /^((the|customer|user|new|next|input) )?(texts?|segments?|messages?|inputs?|sentences?|reviews?|emails?|tickets?|utterances?|items?)( to [a-z]+)?$/,
    "segment",
  ],
  [/^(question|task|decide|decision|q|what to decide)$/, "question"],
  [/^(instructions?|guidelines?|rules?|directions?|how to decide|procedure)$/, "instructions"],
  [/^(role|persona|system)$/, "role"],
  [/^(answer|label|output|response|category|intent|class|prediction|a|assistant)$/, "answer"],
];

function kindOf(heading: string): BlockKind | undefined {
  const name = heading
    .trim()
    .toLowerCase()
    .replace(/[*_:]+$/g, "")
    .replaceAll("_", " ")
    .replace(/\s*#?\d+$/, "")
    .trim();
  if (name.length === 0 || name.length > 40) return undefined;
  for (const [pattern, kind] of kinds) if (pattern.test(name)) return kind;
  return undefined;
}

// Markdown headings, tags, `Name:` at a line's start, `[id]` at a line's start, and blank lines.
const marks =
  /(?:^|\n)[ \t]*#{1,6}[ \t]+([^\n]{1,80})|<(\/?)([A-Za-z][\w-]{0,30})((?:\s[^<>\n]{0,80})?)>|(?:^|\n)[ \t]*(?:\*\*)?([A-Za-z][A-Za-z ]{0,28}?)(?:\*\*)?:(?:\*\*)?(?=\s|$)|(?:^|\n)[ \t]*\[([\w.:-]{1,64})\][ \t]|\n[ \t]*(?=\n)/g;

/** A paragraph that tells what to write rather than being something to read. */
const asksToAnswer =
  /^(answer|reply|respond|return|give|choose|pick|select|output|write|rank|label|classify|decide|before|now|which|what)\b.*(\b(labels?|JSON|one of|nothing else|intent|SQL|classify)\b)/is;

interface Raw {
  kind: BlockKind;
  from: number;
  to: number;
  id?: string;
}

/** Cuts one message's text into blocks; pure in the text, so what is fixed in a layout is cut once. */
function cut(text: string): readonly Raw[] {
  const blocks: Raw[] = [];
  let open: Raw = { kind: "other", from: 0, to: 0 };
  const close = (at: number): void => {
    open.to = at;
    if (text.slice(open.from, at).trim() !== "" || open.kind === "answer") blocks.push(open);
  };
  const start = (kind: BlockKind, at: number, from: number, id?: string): void => {
    close(at);
    open = id === undefined ? { kind, from, to: from } : { kind, from, to: from, id };
  };
  const found = [...text.matchAll(marks)];
  const headings = found.map(([, hash, , , , name]) => kindOf(hash ?? name ?? ""));
  const lastHeading = headings.findLastIndex((kind, i) => kind !== undefined || found[i]?.[1] !== undefined);
  for (const [i, mark] of found.entries()) {
    const [all, hash, slash, tag, attributes, , id] = mark;
    const at = mark.index;
    const after = at + all.length;
    const kind = headings[i];
    if (kind !== undefined) start(kind, at, after);
    else if (hash !== undefined) start("other", at, after);
    else if (tag !== undefined) {
      const tagged = kindOf(tag);
      if (tagged === undefined) continue;
      if (slash === "/") start("other", at, after);
      else start(tagged, at, after, /\bid\s*=\s*["']?([\w.:-]+)/.exec(attributes ?? "")?.[1]);
    } else if (id !== undefined) {
      start("segment", at, after, id);
    } else if (all.trim() !== "") {
      // A name that is no heading, such as "PS:".
    } else if (open.kind === "segment" || open.kind === "context") {
      // Text may have paragraphs of its own; one that asks for an answer, with no heading to come, is not part of it.
      if (open.id !== undefined || (i > lastHeading && asksToAnswer.test(text.slice(after, after + 200).trim())))
        start("other", at, after);
    } else if (open.kind !== "definitions" && open.kind !== "examples") {
      start(open.kind === "instructions" && i < lastHeading ? "instructions" : "other", at, after);
    }
  }
  close(text.length);
  for (const block of blocks) if (block.kind === "other") block.kind = guess(text.slice(block.from, block.to));
  return blocks;
}

/** What an unheaded paragraph is for. */
function guess(text: string): BlockKind {
  const t = text.trim();
  const head = t.slice(0, 200);
  if (/^you (are|sort|label|classify|work|will|read|answer|help|judge)\b/i.test(head)) return "role";
  if (/^(before|remember|check|double.check|make sure|once more)\b/i.test(head)) return "check";
  if (
    /\bJSON\b|\bone of (these|the|those)\b|\b(exactly|only) (one|the|a)\b.*\b(label|answer|number|word)/is.test(t) &&
    t.length < 3_000
  )
    return "output";
  if (/^(answer|reply|respond|return|output|rank|write)\b/i.test(head) && t.length < 600) return "output";
  if ((t.match(/^[ \t]*[-*•][ \t]*[`"*]*[\w][\w &/'-]{0,50}?[`"*]*[ \t]*[:—–=]/gm)?.length ?? 0) >= 2)
    return "definitions";
  if (/^(which|what|who|how|is|are|does|do|decide|classify|label|tell|state)\b/i.test(head) && t.length < 240)
    return "question";
  if (/^(read|decide|follow|use|do not|when|always|never|consider|go by|given|the following|below)\b/i.test(head))
    return "instructions";
  return "other";
}

const cutFixed = memo(256, cut);

/** Finds out what stands where in a prompt. Never throws; a prompt without structure is one segment. */
export function outlineOf(messages: readonly ReaderMessage[]): Outline {
  const blocks: Block[] = [];
  const demonstrations: Shown[] = [];
  let offset = 0;
  let turnStart = 0;
  let lastUser = -1;
  for (let i = messages.length - 1; i >= 0 && lastUser < 0; i--) if (messages[i]?.role === "user") lastUser = i;
  let turnInput: Block | undefined;
  for (const [i, message] of messages.entries()) {
    const text = message.content;
    if (message.role === "assistant" || message.role === "tool") {
      if (turnInput !== undefined && i < lastUser && text.trim() !== "") {
        demonstrations.push({
          input: turnInput.text,
          answer: text.trim(),
          start: turnInput.start,
          end: offset + text.length,
          system: false,
        });
        blocks.splice(blocks.indexOf(turnInput), 1);
      }
      turnInput = undefined;
    } else {
      const system = message.role !== "user";
      if (i === lastUser) turnStart = offset;
      const found = (i === lastUser ? cut(text) : cutFixed(text)).map(({ kind, from, to, id }): Block => {
        const block = { kind, text: text.slice(from, to).trim(), start: offset + from, end: offset + to, system };
        return id === undefined ? block : { ...block, id };
      });
      pairUp(found, demonstrations);
      if (i < lastUser && message.role === "user") {
        turnInput =
          found.findLast((block) => block.kind === "segment") ?? found.findLast((block) => block.kind === "other");
      }
      blocks.push(...found);
    }
    // Role markers take a little room between messages.
    offset += text.length + 8;
  }
  const length = Math.max(1, offset);
  return { length, turnStart, blocks, demonstrations, segments: segmentsOf(blocks, length) };
}

/** Takes text-and-answer pairs out of a message's blocks. */
function pairUp(blocks: Block[], demonstrations: Shown[]): void {
  const lastSegment = blocks.findLastIndex((block) => block.kind === "segment");
  for (let i = 0; i + 1 < blocks.length; i++) {
    const input = blocks[i] as Block;
    const answer = blocks[i + 1] as Block;
    const isInput = input.kind === "segment" || input.kind === "question" || input.kind === "context";
    if (!isInput || answer.kind !== "answer" || answer.text === "" || answer.text.length > 400) continue;
    // `Text: … Answer: …` at the very end of a prompt without other segments would be the task itself.
    if (i === lastSegment && !blocks.slice(0, i).some((block) => block.kind === "examples")) {
      if (!blocks.slice(i + 2).some((block) => block.kind === "question" || block.kind === "other")) continue;
    }
    demonstrations.push({
      input: input.text,
      answer: answer.text,
      start: input.start,
      end: answer.end,
      system: input.system,
    });
    blocks.splice(i, 2);
    i -= 1;
  }
}

function segmentsOf(blocks: readonly Block[], length: number): readonly Segment[] {
  const segments = blocks.filter((block) => block.kind === "segment" && block.text !== "");
  const packed = segments.filter((block) => block.id !== undefined);
  const chosen = packed.length > 0 ? packed : segments.slice(-1);
  if (chosen.length > 0) {
    const distinct = chosen.filter((block, i) => chosen.findIndex((other) => other.id === block.id) === i);
    return distinct.map((block) => ({
      ...block,
      copies: segments.filter((other) => other.id === block.id && other.text === block.text),
    }));
  }
  const rest = blocks.filter((block) => block.text !== "");
  const best = longest(rest.filter((block) => block.kind === "other")) ??
    longest(rest.filter((block) => block.kind === "context")) ??
    longest(rest.filter((block) => block.kind === "question")) ??
    rest.at(-1) ?? { kind: "segment", text: "", start: 0, end: length, system: false };
  return [{ ...best, copies: [best] }];
}

function longest(blocks: readonly Block[]): Block | undefined {
  return blocks.reduce<Block | undefined>(
    (best, block) => (best === undefined || block.text.length >= best.text.length ? block : best),
    undefined,
  );
}

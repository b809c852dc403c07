import { Channel } from "../../../src/base/channel.ts";
import type { PreviewMessage, PreviewPiece } from "../../../src/engine/preview/pieces.ts";
import type { PreviewModel } from "../../../src/engine/preview/preview.ts";
import { type PartName, partNames } from "../../../src/engine/spec/experiment.ts";
import type { PreviewHost, PreviewSelection, PreviewShown, PreviewView } from "../../../src/protocol/previewPanel.ts";
import { expectedLabel, fixedParts, layoutNames, segmentText } from "./texts.ts";
import type { PanelWire } from "./wire.ts";

const exampleCount = 340;

const arrangements: Record<string, { readonly system: readonly PartName[]; readonly user: readonly PartName[] }> = {
  standard: {
    system: ["role", "instructions", "definitions", "examples", "output"],
    user: ["context", "segment", "question"],
  },
  recency: {
    system: ["role", "instructions", "definitions", "examples", "output"],
    user: ["context", "question", "segment"],
  },
  sandwich: {
    system: ["role", "instructions", "definitions", "examples", "output"],
    user: ["question", "context", "segment", "quickCheck"],
  },
  "minimal-system": {
    system: ["role"],
    user: ["instructions", "definitions", "examples", "output", "context", "segment", "question"],
  },
  "question-first": {
    system: ["role", "output"],
    user: ["question", "instructions", "definitions", "examples", "context", "segment"],
  },
};

/** As many layouts as a thorough author tries. */
const manyLayouts = [
  "instructions-last",
  "question-both",
  "chat-examples",
  "repetition",
  "sandwich-recency",
  "dynamic",
];

/** Scenes: full, layouts (more of them than fit), long (32,000 tokens), trimmed, hostile, broken (never assembled), problem (a good preview and errors). */
export function openPreviewHost(wire: PanelWire, scene: string) {
  let edit = 0;
  let selection: PreviewSelection = { layout: "standard", example: 0, model: undefined };
  const shown = (): PreviewShown => ({
    file: "intents.layout.yaml",
    selection,
    preview: scene === "broken" ? undefined : modelOf(selection.layout, selection, scene, edit),
    beside:
      scene === "broken" || selection.beside === undefined
        ? undefined
        : modelOf(selection.beside, selection, scene, edit),
    problem:
      scene === "broken" || scene === "problem"
        ? {
            lines: [
              'intents.layout.yaml:12:3: unknown key "quickcheck": did you mean "quickCheck"?',
              "intents.layout.yaml:19:10: there is no layout sandwhich: use one of standard, recency, sandwich",
            ],
          }
        : undefined,
  });
  const channel = new Channel<PreviewHost, PreviewView>(wire.port, {
    ready(wanted) {
      if (wanted !== undefined) selection = wanted;
      return shown();
    },
    select(wanted) {
      selection = wanted;
      return shown();
    },
    diff: () => undefined,
    reveal: () => undefined,
    run: () => undefined,
    copy: () => undefined,
    arrange({ placing }) {
      arrangements["mine"] = placing;
      selection = { ...selection, layout: "mine" };
      return shown();
    },
  });
  const scrolled: number[] = [];
  channel.on("scrolled", ({ line }) => scrolled.push(line));
  return {
    asked: wire.asked,
    /** Lines at the panel's top, as the panel told them. */
    scrolled,
    /** A key was pressed in the file: one part differs. */
    type() {
      edit += 1;
      channel.send("shown", shown());
    },
    scrollTo: (line: number) => channel.send("scrollTo", { line }),
  };
}

function modelOf(layout: string, selection: PreviewSelection, scene: string, edit: number): PreviewModel {
  const arrangement = arrangements[layout] ?? { system: [], user: [] };
  const messages: PreviewMessage[] = [
    { role: "system", pieces: arrangement.system.flatMap((part) => piecesOf(part, selection.example, scene, edit)) },
    { role: "user", pieces: arrangement.user.flatMap((part) => piecesOf(part, selection.example, scene, edit)) },
  ];
  const pieces = messages.flatMap((message) => message.pieces);
  const sent = pieces.filter((piece) => !piece.trimmed);
  const total = tokens(sent);
  const system = tokens((messages[0]?.pieces ?? []).filter((piece) => !piece.trimmed));
  const end = prefixEnd(messages);
  const prefix = tokens(
    messages
      .flatMap((m, i) => (i < end.message ? m.pieces : i === end.message ? m.pieces.slice(0, end.piece) : []))
      .filter((piece) => !piece.trimmed),
  );
  const byPart: Partial<Record<PartName, number>> = {};
  for (const piece of sent) byPart[piece.part] = (byPart[piece.part] ?? 0) + piece.tokens;
  return {
    schema: "layoutlab/preview@1",
    layout,
    description:
      "Everything that stays the same in the system message; the segment, then the question, in the user message.",
    style: "markdown",
    layouts: [...layoutNames, ...(scene === "layouts" ? manyLayouts : []), ...("mine" in arrangements ? ["mine"] : [])],
    model: selection.model ?? "builtin:reader",
    models: ["builtin:reader", "openai:gpt-4.1-mini", "ollama:gemma3:12b"],
    parameters: {},
    example: {
      index: selection.example,
      count: exampleCount,
      id: `s${selection.example}`,
      line: selection.example + 2,
      expected: expectedLabel(selection.example),
    },
    messages,
    tokens: {
      total: total + 11,
      framing: 11,
      system,
      user: total - system,
      byPart,
      exact: selection.model !== "ollama:gemma3:12b",
      tokenizer: "o200k",
      error: selection.model === "ollama:gemma3:12b" ? "estimated without its vocabulary" : undefined,
    },
    prefix: { tokens: prefix, share: prefix / Math.max(1, total), end },
    metrics: {
      promptTokens: total,
      systemTokens: system,
      userTokens: total - system,
      segmentPosition: 0.9,
      questionPosition: 0.95,
      quickCheckPosition: null,
      systemToUser: system / Math.max(1, total - system),
      cacheablePrefix: prefix / Math.max(1, total),
    },
    cost:
      selection.model === "openai:gpt-4.1-mini"
        ? { kind: "known", call: total * 4e-7, cachedCall: total * 2.1e-7, cachedTokens: prefix, answerTokens: 4 }
        : { kind: "unknown", reason: `the price of ${selection.model ?? "builtin:reader"} is not known` },
    trim: {
      budget: scene === "trimmed" ? 700 : undefined,
      before: tokens(pieces),
      fits: true,
      demonstrationsDropped: scene === "trimmed" ? 4 : 0,
      contextDropped: 0,
      summary: scene === "trimmed" ? "left out to fit 700 tokens: 4 of 8 examples" : undefined,
    },
    sent: undefined,
    placing: { ...arrangement, style: undefined, examplesAs: "text", repeat: 1 },
    ...(scene === "packed" ? packedChain(selection) : {}),
    places: Object.fromEntries(
      partNames.map((part, i) => [part, { start: { line: 10 + i, column: 3 }, end: { line: 10 + i, column: 20 } }]),
    ),
  };
}

function packedChain({ example, hop = 0 }: PreviewSelection): Pick<PreviewModel, "pack" | "chain"> {
  const first = example - (example % 5);
  return {
    pack: {
      number: 1 + (example % 5),
      members: Array.from({ length: 5 }, (_, i) => ({ index: first + i, id: `s${first + i}` })),
    },
    chain: {
      hop,
      hops: [
        { id: "topic", stopWhen: "nothing" },
        { id: "intent", stopWhen: undefined },
      ],
    },
  };
}

function piecesOf(part: PartName, example: number, scene: string, edit: number): PreviewPiece[] {
  if (part === "examples") {
    return Array.from({ length: 8 }, (_, item) =>
      piece(
        part,
        `Message: ${segmentText(item + 400)}\nLabel: ${expectedLabel(item + 400)}\n\n`,
        true,
        scene === "trimmed" && item >= 4,
        item,
      ),
    );
  }
  if (part === "segment") {
    return [piece(part, scene === "hostile" ? `${hostileText}\n\n` : `Message:\n${segmentText(example)}\n\n`, false)];
  }
  if (part === "context") {
    if (scene !== "long") return [];
    // About 30,000 tokens in 300 paragraphs, as a retrieved document would come.
    return Array.from({ length: 300 }, (_, i) => piece(part, `${i + 1}. ${segmentText(i)} ${longParagraph}\n`, false));
  }
  const text = fixedParts[part] ?? "";
  return [piece(part, `${part === "question" && edit > 0 ? `${text} (${edit})` : text}\n\n`, true)];
}

const longParagraph =
  "The desk keeps a note of every message that came before, and it reads them in the order in which they were written, because a later one often takes back what an earlier one asked for. ".repeat(
    2,
  );

/** What must never be anything but text. */
export const hostileText =
  '<img src=x onerror="window.hacked=true"><script>window.hacked=true</script> {{alert(1)}} {{constructor}} \u202Eright to left\u202C مرحبا بالعالم \u0000 &lt;b&gt;';

function piece(part: PartName, text: string, fixed: boolean, trimmed = false, item?: number): PreviewPiece {
  const base = { part, text, tokens: Math.max(1, Math.round(text.length / 4)), fixed, trimmed };
  return item === undefined ? base : { ...base, item };
}

function tokens(pieces: readonly PreviewPiece[]): number {
  return pieces.reduce((sum, each) => sum + each.tokens, 0);
}

function prefixEnd(messages: readonly PreviewMessage[]): { readonly message: number; readonly piece: number } {
  for (const [message, { pieces }] of messages.entries()) {
    const at = pieces.findIndex((each) => !each.fixed);
    if (at >= 0) return { message, piece: at };
  }
  return { message: messages.length, piece: 0 };
}

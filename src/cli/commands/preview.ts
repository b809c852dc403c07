import { UserError } from "../../base/errors.ts";
import { type CommonFlags, output, withEngine } from "../context.ts";
import { whole } from "../flags.ts";
import { dollars, integer, percent } from "../render/numbers.ts";
import { table } from "../render/table.ts";
import { check, specFile } from "../specFile.ts";
import type { Register } from "./index.ts";

interface Flags extends CommonFlags {
  readonly layout?: string;
  readonly example?: string;
  readonly model?: string;
  readonly hop?: number;
}

export const registerPreview: Register = (program, context) => {
  program
    .command("preview")
    .description("show the assembled messages with tokens per part")
    .argument("<spec>", "experiment file")
    .option("--layout <name>", "layout to show (default: the file's first)")
    .option("--example <id>", "example to fill in, by id (default: the first)")
    .option("--hop <n>", "which question of a chain, from 1 (default: the first)", whole("--hop"))
    .option("--model <id>", "count tokens and cost for this model")
    .action(async (typed: string, flags: Flags) => {
      const spec = specFile(context, typed);
      const preview = await withEngine(context, { ...flags, store: ":memory:" }, async (engine) => {
        await check(engine, context, flags, spec);
        return engine.preview({
          file: spec.file,
          layout: flags.layout ?? "",
          example: 0,
          ...(flags.example === undefined ? {} : { exampleId: flags.example }),
          ...(flags.model === undefined ? {} : { model: flags.model }),
          ...(flags.hop === undefined ? {} : { hop: flags.hop - 1 }),
        });
      });
      const hops = preview.chain?.hops.length ?? 1;
      if (flags.hop !== undefined && flags.hop > hops)
        throw new UserError(
          "bad-flag",
          `--hop is ${flags.hop}, and ${preview.chain === undefined ? "the experiment has no chain" : `the chain has ${hops} questions`}`,
          preview.chain === undefined ? "leave it out" : `name one from 1 to ${hops}`,
        );
      output(context, flags, preview, () => {
        const messages = preview.messages.map((message) => {
          const text = message.pieces.map((piece) => piece.text).join("");
          return `── ${message.role} ${"─".repeat(Math.max(0, 60 - message.role.length))}\n${text}`;
        });
        const parts = [
          ...Object.entries(preview.tokens.byPart),
          ["message framing", preview.tokens.framing] as const,
          ["all", preview.tokens.total] as const,
        ].map(([part, tokens]) => [part, integer(tokens ?? 0)]);
        const cost =
          preview.cost.kind === "known"
            ? `${dollars(preview.cost.call)} a call`
            : `cost unknown: ${preview.cost.reason}`;
        return [
          ...messages,
          "─".repeat(64),
          table([{ title: "part" }, { title: "tokens", align: "right" }], parts),
          "",
          `${preview.layout}, ${preview.style}, example ${preview.example.id}: ${integer(preview.tokens.total)} tokens` +
            `${preview.tokens.exact ? "" : " (estimated)"}, ${percent(preview.prefix.share)} cacheable prefix, ${cost}`,
          ...(preview.chain === undefined
            ? []
            : [
                `Question ${preview.chain.hop + 1} of ${preview.chain.hops.length}: ${preview.chain.hops.map(({ id }) => id).join(" → ")}.`,
              ]),
          ...(preview.pack === undefined
            ? []
            : [`One request for ${preview.pack.members.map(({ id }, i) => `[${i + 1}] ${id}`).join(", ")}.`]),
          ...(preview.tokens.error === undefined ? [] : [`Token counts: ${preview.tokens.error}.`]),
          ...(preview.trim.summary === undefined ? [] : [preview.trim.summary]),
        ].join("\n");
      });
    });
};

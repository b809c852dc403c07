import { UserError } from "../../base/errors.ts";
import type { DataRecord } from "../dataset/record.ts";
import { toMessages } from "../prompt/prompt.ts";
import { chatBody, quirksOf } from "../provider/openaiRequest.ts";
import type { Design } from "../runner/design.ts";
import { fitRow } from "../runner/prompts.ts";
import { placeholdersOf } from "../spec/placeholders.ts";
import { textPartNames } from "../spec/prompts.ts";
import type { BodyMaker } from "./convert.ts";

/**
 * Bodies as a run of the experiment would send them, for one of its variants. Prompts that do not fit are no requests: cut ones
 * are counted. @throws UserError for an experiment that asks more than once for an example.
 */
export function specMaker(planned: Design, variantId: string | undefined, bodyModel: string | undefined): BodyMaker {
  const { experiment, variants, hops } = planned;
  if (experiment.chain.length > 1 || planned.packed.size > 0)
    throw new UserError(
      "not-one-request",
      "an experiment with a chain or with packed examples has no one request for each row",
      "convert with one that asks a single question",
    );
  const variant = variantId === undefined ? variants[0] : variants.find(({ id }) => id === variantId);
  const prompts = variant && planned.prompts[variant.index];
  const shared = variant && hops[0]?.shared[variant.index];
  if (variant === undefined || prompts === undefined || shared === undefined)
    throw new UserError("no-variant", "the experiment has no such variant", "name a layout and a model of the file");
  const columns = new Set<string>();
  for (const name of textPartNames)
    for (const { column } of placeholdersOf(experiment.prompt[name]?.text ?? "")) columns.add(column);
  const quirks = quirksOf(shared.request.model);
  return {
    columns: [...columns],
    make(record: DataRecord) {
      const example = { id: String(record.row), ...record, expected: undefined };
      const { prompt, trim } = fitRow(prompts, example, experiment.context.trim);
      if (trim !== undefined && !trim.fits)
        return { problem: `row ${record.row} has a prompt of ${trim.before} tokens and may have ${trim.budget}` };
      const body = chatBody({ ...shared.request, messages: toMessages(prompt) }, quirks);
      return { body: { ...body, model: bodyModel ?? body.model }, trimmed: trim !== undefined };
    },
  };
}

import * as z from "zod";
import { selections } from "./names.ts";
import { dataFormat, naturalNumber, nonEmpty, positiveInteger, scalar, textPart } from "./schemaFields.ts";

const select = z.enum(selections).meta({
  description:
    "Which demonstrations go into a prompt: the `first` ones of the file, a `random` draw (the same for every example, by `sampling.seed`), or those whose input is `nearest` to the example.",
  examples: [...selections],
});

const pair = z.strictObject({
  input: z.string().meta({ description: "Text to judge, as the model would see it." }),
  output: scalar.meta({ description: "The right answer to it." }),
});

const examplesPart = z.union(
  [
    z.string(),
    z.strictObject({ file: nonEmpty.meta({ description: "Text file with the demonstrations already written out." }) }),
    z.strictObject({
      path: nonEmpty.meta({
        description: "Data file with one demonstration a row: CSV, TSV, JSONL or JSON.",
        examples: ["data/shots.csv"],
      }),
      format: dataFormat.optional().meta({ description: "Format of the file. Default: told by its ending." }),
      count: naturalNumber
        .default(5)
        .meta({ description: "How many demonstrations stand in a prompt.", examples: [5] }),
      select: select.default("first"),
      input: nonEmpty
        .optional()
        .meta({ description: "Column with the demonstration's text. Default: the columns that `segment` uses." }),
      expected: nonEmpty.optional().meta({ description: "Column with the right answer. Default: the dataset's." }),
    }),
    z.strictObject({
      pairs: z.array(pair).min(1, "write at least one pair").meta({ description: "Demonstrations written in place." }),
      count: naturalNumber.optional().meta({ description: "How many stand in a prompt. Default: all of them." }),
      select: select.default("first"),
    }),
    z.array(pair).min(1, "write at least one { input, output } pair"),
  ],
  { error: "write { path, count, select }, a list of { input, output } pairs, text, or { file }" },
);

const outputPart = z.union(
  [
    z.string(),
    z.strictObject({
      type: z
        .enum(["label", "json", "text", "number", "ranked", "sql"])
        .default("label")
        .meta({
          description:
            "What an answer is: one `label` of a list, a `json` value, free `text`, a `number`, a `ranked` list of labels, or an `sql` query. It decides how answers are read and the default score.",
          examples: ["label"],
        }),
      labels: z
        .union([z.literal("auto"), z.array(scalar).min(1, "list at least one label, or write auto")], {
          error: "write auto, or a list of labels",
        })
        .default("auto")
        .meta({
          description:
            "The labels to choose from. `auto` collects the distinct right answers of the whole dataset file.",
          examples: ["auto"],
        }),
      schema: z
        .record(z.string(), z.unknown())
        .optional()
        .meta({ description: "JSON Schema that a `json` answer must meet." }),
      confidence: z.boolean().default(false).meta({
        description:
          "Ask for a confidence from 0 to 1 beside the answer; needed for calibration and confidence-weighted ensembles.",
      }),
      maxCandidates: positiveInteger.default(5).meta({ description: "Longest list of a `ranked` answer." }),
      text: z.string().optional().meta({
        description: "Your own wording of the output format. Default: a sentence made from `type` and `labels`.",
      }),
    }),
  ],
  { error: "write { type: label }, or the wording of the output format" },
);

const role = textPart
  .optional()
  .meta({ description: "Who the model is, in a sentence or two.", examples: ["You label customer messages."] });
const instructions = textPart.optional().meta({ description: "What to do and how; the body of the prompt." });
const definitions = textPart.optional().meta({ description: "What the labels or terms mean." });
const context = textPart.optional().meta({
  description: "Material the answer rests on, such as a passage. Usually a `{{column}}`.",
  examples: ["{{passage}}"],
});
const segment = textPart.optional().meta({
  description: "The text under judgement. Quote it: YAML reads bare braces as a map.",
  examples: ["{{text}}"],
});
const question = textPart
  .optional()
  .meta({ description: "What is asked about the segment.", examples: ["Which intent is it?"] });
const quickCheck = textPart.optional().meta({
  description:
    "A short reminder of the decision, placed after the segment by the `sandwich` layout. Default there: the question again.",
  examples: ["Answer with one label from the list."],
});

export const promptSchema = z
  .strictObject({
    role,
    instructions,
    definitions,
    examples: examplesPart.optional().meta({
      description: "Demonstrations: rows of a data file, pairs written in place, or text.",
      examples: [{ path: "data/shots.csv", count: 5, select: "first" }],
    }),
    context,
    segment,
    question,
    quickCheck,
    output: outputPart
      .prefault({})
      .meta({ description: "What an answer looks like.", examples: [{ type: "label", labels: "auto" }] }),
  })
  .meta({
    description:
      "The parts of the prompt. A part is text, or `{ file: part.md }`; `{{column}}` stands for that column of the example.",
  });

export const chainSchema = z
  .array(
    z.strictObject({
      id: nonEmpty.meta({ description: "Name of the hop, unique in the chain.", examples: ["topic"] }),
      question: nonEmpty.meta({ description: "What this hop asks." }),
      stopWhen: scalar
        .optional()
        .meta({ description: "Ends the chain when the hop's answer equals this text.", examples: ["none"] }),
      role,
      instructions,
      definitions,
      context,
      segment,
      quickCheck,
      output: outputPart.optional().meta({ description: "What this hop's answer looks like. Default: the prompt's." }),
    }),
  )
  .default([])
  .meta({
    description:
      "Questions asked one after another of the same example; each hop may replace parts of the prompt. The last answer counts.",
  });

import path from "node:path";
import type { PriceList } from "../../engine/api.ts";
import { type CommonFlags, looking, output } from "../context.ts";
import { table } from "../render/table.ts";
import type { Register } from "./index.ts";

export const registerPrices: Register = (program, context) => {
  program
    .command("prices")
    .description("what models cost here, and where each price is from")
    .action(async (flags: CommonFlags) => {
      const list = await looking(context, flags, (engine) => engine.prices({ folder: context.cwd }));
      output(context, flags, list, () => priceTable(list, (line) => context.named(line)));
    });
};

function priceTable({ asOf, source, file, prices }: PriceList, named: (line: string) => string): string {
  const right = { align: "right" } as const;
  const own = file === undefined ? "" : named(file.path);
  const said = [file?.asOf, file?.source].filter((each) => each !== undefined).join(", ");
  return [
    table(
      [
        { title: "model" },
        { title: "prompt", ...right },
        { title: "cached", ...right },
        { title: "answer", ...right },
        { title: "from" },
      ],
      prices.map((price) => [
        price.model,
        String(price.prompt),
        price.cached === undefined ? "–" : String(price.cached),
        String(price.completion),
        price.from === "file" ? own : price.from,
      ]),
    ),
    "",
    "US dollars per million tokens. A model that is not here has no known price, which never counts as 0.",
    `Built-in: ${source}, as of ${asOf}.`,
    file === undefined
      ? `Your own: ${path.join(".layoutlab", "prices.yaml")}, such as  prices: { openai:our-model: { prompt: 0.4, completion: 1.6 } }`
      : `Your own: ${own}${said === "" ? "" : ` (${said})`}.`,
  ].join("\n");
}

import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import type { PriceList } from "../../engine/api.ts";
import type { Lab } from "../lab.ts";

/** Opens the workspace's price table, which the command line reads too; makes it when there is none. */
export async function editPrices(lab: Lab): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.find((each) => each.uri.scheme === "file")?.uri.fsPath;
  if (folder === undefined) {
    // Without a folder there is nobody to share a table with.
    await vscode.commands.executeCommand("workbench.action.openSettings", "layoutlab.prices");
    return;
  }
  const list = await lab.engine.request("prices", { folder });
  const file = list.file?.path ?? path.join(folder, ".layoutlab", "prices.yaml");
  if (list.file === undefined) {
    await mkdir(path.dirname(file), { recursive: true });
    // A file that is there, but could not be read, is the person's to mend.
    await writeFile(file, template(list), { flag: "wx" }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
  await vscode.window.showTextDocument(vscode.Uri.file(file));
}

function template({ asOf, source, prices }: PriceList): string {
  const lines = prices
    .filter(({ from }) => from === "built-in")
    .map(({ model, prompt, cached, completion }) => {
      const discount = cached === undefined ? "" : ` cached: ${cached},`;
      return `#  ${model}: { prompt: ${prompt},${discount} completion: ${completion} }`;
    });
  return `# What models cost, in US dollars per million tokens, for every experiment below this folder. These stand over the
# built-in prices, which are listed here as they were on ${asOf} (${source}).
# A model without a price is not taken for free: a run with a cost limit does not start, and the cost is shown as unknown.
#
# asOf: ${asOf}
# source: where these are from
prices:
#  openai:our-model: { prompt: 0.4, cached: 0.1, completion: 1.6 }
#
# Built in:
${lines.join("\n")}
`;
}

/** Keeps a price that was typed as `prompt/completion` or `prompt/cached/completion` among the settings. */
export async function keepPrice(lab: Lab, model: string, typed: string): Promise<void> {
  const price = priceOf(typed);
  if (price === undefined) throw new UserError("bad-price", `"${typed}" is no price`, "write prompt/completion");
  const target =
    vscode.workspace.workspaceFolders === undefined
      ? vscode.ConfigurationTarget.Global
      : vscode.ConfigurationTarget.Workspace;
  const prices = { ...lab.settings.prices, [model]: price };
  await vscode.workspace.getConfiguration().update("layoutlab.prices", prices, target);
}

export function priceOf(
  typed: string,
): { readonly prompt: number; readonly cached?: number; readonly completion: number } | undefined {
  const [first, second, third, ...more] = typed.split("/").map((part) => part.trim());
  if (first === undefined || second === undefined || more.length > 0) return undefined;
  const numbers = [first, second, third ?? "0"].map((part) => (/^\d+(\.\d+)?$/.test(part) ? Number(part) : Number.NaN));
  const [prompt = Number.NaN, middle = Number.NaN, last = Number.NaN] = numbers;
  if (numbers.some(Number.isNaN)) return undefined;
  return third === undefined ? { prompt, completion: middle } : { prompt, cached: middle, completion: last };
}

import * as vscode from "vscode";
import type { Estimate, RunOptions, Source } from "../../engine/api.ts";
import type { Lab } from "../lab.ts";
import { count, dollars } from "../words.ts";
import { keepPrice, priceOf } from "./editPrices.ts";

/** Models whose unknown price a person has accepted in this workspace. */
const acceptedKey = "layoutlab.acceptedUnknownPrices";

/** What is about to be spent on, as it is named to the person. */
interface Spending {
  /** Stands before `may cost up to $3`, such as "This run". */
  readonly what: string;
  /** The button that goes on. */
  readonly go: string;
  readonly hint: string;
}

export const aRun: Spending = { what: "This run", go: "Run", hint: "An adaptive run usually needs fewer." };

/** Asks where a price is unknown, or where it comes to more than the person said. False when they would rather not. */
export async function affordable(lab: Lab, source: Source & RunOptions, spending: Spending): Promise<boolean> {
  const limit = lab.settings.confirmCost;
  if (limit === undefined) return true;
  const estimate = await pricedEstimate(lab, source, spending.go);
  if (estimate === undefined) return false;
  return estimate.cost === null || estimate.cost <= limit || confirmCost(lab, source, spending, estimate);
}

/** The estimate, once every price is known or its absence accepted; undefined when they would rather not. */
export async function pricedEstimate(lab: Lab, source: Source & RunOptions, go: string): Promise<Estimate | undefined> {
  for (;;) {
    const estimate = await lab.engine.request("estimate", source);
    const accepted = lab.context.workspaceState.get<readonly string[]>(acceptedKey, []);
    // The editor's own models are paid for by its plan and limited by calls: there is no price to enter.
    const [model] = estimate.unpriced.filter((each) => !accepted.includes(each) && !/^vscode[:/]/.test(each));
    // What comes from the cache costs nothing, whatever the price.
    if (model === undefined || estimate.calls === estimate.cachedCalls) return estimate;
    const goOn = `${go}, Cost Unknown`;
    const chosen = await vscode.window.showWarningMessage(
      `The price of ${model} is not known.`,
      { modal: true, detail: `${calls(estimate)} Their cost would not be counted.` },
      "Enter Price",
      goOn,
    );
    if (chosen === goOn) await lab.context.workspaceState.update(acceptedKey, [...accepted, model]);
    else if (chosen !== "Enter Price" || !(await enterPrice(lab, model))) return undefined;
  }
}

async function enterPrice(lab: Lab, model: string): Promise<boolean> {
  const typed = await vscode.window.showInputBox({
    prompt: `US dollars per million tokens of ${model}: prompt/completion, or prompt/cached/completion`,
    placeHolder: "0.4/1.6",
    validateInput: (text) => (priceOf(text) === undefined ? "Such as 0.4/1.6, or 0.4/0.1/1.6" : undefined),
  });
  if (typed === undefined) return false;
  await keepPrice(lab, model, typed);
  return true;
}

async function confirmCost(lab: Lab, source: Source, spending: Spending, estimate: Estimate): Promise<boolean> {
  const chosen = await vscode.window.showWarningMessage(
    `${spending.what} may cost up to ${dollars(estimate.cost)}.`,
    { modal: true, detail: `${calls(estimate)} ${spending.hint}` },
    spending.go,
    "Show Estimate",
  );
  if (chosen === "Show Estimate") await lab.documents.showEstimate(source.file);
  return chosen === spending.go;
}

function calls(estimate: Estimate): string {
  return `${count(estimate.calls - estimate.cachedCalls, "call")} at most.`;
}

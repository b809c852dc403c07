import * as vscode from "vscode";
import type { Lab } from "../lab.ts";

/** One model of those that can be asked now; undefined when nothing is picked. */
export async function pickModel(lab: Lab, placeHolder: string): Promise<string | undefined> {
  const listings = await lab.engine.request("models", {});
  const picked = await vscode.window.showQuickPick(
    listings.flatMap(({ provider, models }) =>
      models.map(({ id, detail }) => ({ label: id, description: detail ?? provider })),
    ),
    { placeHolder, matchOnDescription: true },
  );
  return picked?.label;
}

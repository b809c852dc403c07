import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import type { Lab } from "../lab.ts";
import { requireTrust } from "../trouble.ts";
import { dateTime } from "../words.ts";
import { runFor } from "./targets.ts";

/** Lets layouts of the experiment join a stored run: each answers the rows before it first, and nobody is asked twice. */
export async function addLayouts(lab: Lab, argument: unknown): Promise<void> {
  requireTrust();
  const item = await runFor(lab, argument, {
    placeHolder: "Which run do layouts join?",
    fits: (run) => !run.live && run.file !== "",
    none: { message: "there is no run that layouts could join", action: "start one with Run Experiment" },
  });
  if (item === undefined) return;
  if (item.live) throw new UserError("running", `${item.name} is still going`, "wait for it, or stop it first");
  const { outline } = await lab.engine.request("check", { file: item.file });
  const known = new Set(item.variants.map(({ layout }) => layout));
  const missing = (outline?.layouts ?? []).map(({ name }) => name).filter((name) => !known.has(name));
  if (missing.length === 0) {
    throw new UserError(
      "no-layout",
      `every layout of ${item.name} is in the run of ${dateTime(item.createdAt)}`,
      "add one to `layouts:` in the experiment file first",
    );
  }
  const picked = await vscode.window.showQuickPick(missing, {
    canPickMany: true,
    placeHolder: `Which layouts join ${item.name}? They answer its rows first.`,
  });
  if (picked === undefined || picked.length === 0) return;
  await lab.editorModels.admit(item.models);
  const { run } = await lab.engine.request("resume", { run: item.run, layouts: picked });
  lab.runPanels.show(run, item.name);
}

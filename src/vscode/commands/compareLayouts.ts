import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import { sourceOf } from "../experimentFiles.ts";
import type { Lab } from "../lab.ts";
import { experimentFor } from "./targets.ts";

/** Shows two layouts of an experiment in the native diff, on the example its preview shows. */
export async function compareLayouts(lab: Lab, argument: unknown): Promise<void> {
  const uri = await experimentFor(lab, argument);
  if (uri === undefined) return;
  const shown = lab.previews.of(uri)?.selection;
  const example = shown?.example ?? 0;
  const preview = await lab.engine.request("preview", { ...sourceOf(uri), layout: shown?.layout ?? "", example });
  if (preview.layouts.length < 2)
    throw new UserError("one-layout", "the experiment has only one layout", "add another to `layouts:`");
  const left = await vscode.window.showQuickPick(
    [preview.layout, ...preview.layouts.filter((n) => n !== preview.layout)],
    {
      placeHolder: "Compare which layout…",
    },
  );
  if (left === undefined) return;
  const right = await vscode.window.showQuickPick(
    preview.layouts.filter((name) => name !== left),
    { placeHolder: `…with ${left}?` },
  );
  if (right === undefined) return;
  const more = { example, ...(shown?.model === undefined ? {} : { model: shown.model }) };
  await lab.documents.diffLayouts(uri.fsPath, { layout: left, ...more }, { layout: right, ...more });
}

import * as vscode from "vscode";
import type { Lab } from "../lab.ts";
import type { CacheNode } from "../trees/cache/cacheTree.ts";
import { count } from "../words.ts";

export async function inspectAnswer(lab: Lab, argument: unknown): Promise<void> {
  const node = argument as CacheNode | undefined;
  if (node?.kind === "answer") await lab.documents.showAnswer(node.item.key);
}

export async function moreAnswers(lab: Lab, argument: unknown): Promise<void> {
  const node = argument as CacheNode | undefined;
  if (node?.kind === "more") lab.trees.cache.more(node.page);
}

/** Deletes one answer, several, or all of a model or experiment; asks when it is more than what was pointed at. */
export async function deleteCached(lab: Lab, argument: unknown, selection: unknown): Promise<void> {
  const nodes = (Array.isArray(selection) && selection.length > 0 ? selection : [argument]) as readonly CacheNode[];
  const entries = nodes.reduce((sum, node) => sum + entriesOf(node), 0);
  if (entries > 1) {
    const chosen = await vscode.window.showWarningMessage(
      `Delete ${count(entries, "cached answer")}?`,
      { modal: true, detail: "Runs keep their results. The next run asks, and may pay, again." },
      "Delete",
    );
    if (chosen !== "Delete") return;
  }
  const keys = nodes.flatMap((node) => (node?.kind === "answer" ? [node.item.key] : []));
  if (keys.length > 0) await lab.engine.request("cacheDelete", { keys });
  for (const node of nodes) {
    if (node.kind === "model") await lab.engine.request("cacheDelete", { model: node.model });
    if (node.kind === "experiment") {
      const { model, experiment } = node.group;
      await lab.engine.request("cacheDelete", { model, experiment });
    }
  }
}

function entriesOf(node: CacheNode): number {
  if (node.kind === "answer") return 1;
  if (node.kind === "experiment") return node.group.entries;
  if (node.kind === "model") return node.groups.reduce((sum, group) => sum + group.entries, 0);
  return 0;
}

import * as vscode from "vscode";
import type { CachedAnswer } from "../../engine/api.ts";
import type { Lab } from "../lab.ts";
import type { CacheNode } from "../trees/cache/cacheTree.ts";
import { count } from "../words.ts";

/** So few answers are deleted at once, and given back on request. */
const undoable = 20;

export async function inspectAnswer(lab: Lab, argument: unknown): Promise<void> {
  const node = argument as CacheNode | undefined;
  if (node?.kind === "answer") await lab.documents.showAnswer(node.item.key);
}

export async function moreAnswers(lab: Lab, argument: unknown): Promise<void> {
  const node = argument as CacheNode | undefined;
  if (node?.kind === "more") lab.trees.cache.more(node.page);
}

/** Deletes what was pointed at: a few answers with a way back, whole groups after asking. */
export async function deleteCached(lab: Lab, argument: unknown, selection: unknown): Promise<void> {
  const nodes = (Array.isArray(selection) && selection.length > 0 ? selection : [argument]) as readonly CacheNode[];
  const items = nodes.flatMap((node) => (node?.kind === "answer" ? [node.item] : []));
  if (items.length === nodes.length && items.length <= undoable) {
    const entries = await Promise.all(
      items.map(async ({ key, model, experiment }): Promise<CachedAnswer | undefined> => {
        const answer = await lab.engine.request("cacheAnswer", { key });
        return answer === undefined ? undefined : { key, model, experiment, answer };
      }),
    );
    await lab.engine.request("cacheDelete", { keys: items.map(({ key }) => key) });
    void offerUndo(
      lab,
      entries.filter((entry) => entry !== undefined),
    );
    return;
  }
  const entries = nodes.reduce((sum, node) => sum + entriesOf(node), 0);
  const chosen = await vscode.window.showWarningMessage(
    `Delete ${count(entries, "cached answer")}?`,
    { modal: true, detail: "Runs keep their results. The next run asks, and may pay, again." },
    "Delete",
  );
  if (chosen !== "Delete") return;
  if (items.length > 0) await lab.engine.request("cacheDelete", { keys: items.map(({ key }) => key) });
  for (const node of nodes) {
    if (node.kind === "experiment") await lab.engine.request("cacheDelete", { experiment: node.experiment });
    if (node.kind === "model") {
      const { model, experiment } = node.group;
      await lab.engine.request("cacheDelete", { model, experiment });
    }
  }
}

async function offerUndo(lab: Lab, entries: readonly CachedAnswer[]): Promise<void> {
  const text = `Deleted ${count(entries.length, "cached answer")}.`;
  if ((await vscode.window.showInformationMessage(text, "Undo")) === "Undo")
    await lab.engine.request("cachePut", { entries });
}

function entriesOf(node: CacheNode): number {
  if (node.kind === "answer") return 1;
  if (node.kind === "model") return node.group.entries;
  if (node.kind === "experiment") return node.groups.reduce((sum, group) => sum + group.entries, 0);
  return 0;
}

const files = { "JSON Lines": ["jsonl"] };

/** Writes every kept answer to a file that another machine can take in. */
export async function exportCache(lab: Lab): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const to = await vscode.window.showSaveDialog({
    title: "Export Cache",
    filters: files,
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, "cache.jsonl") }),
  });
  if (to === undefined) return;
  const { entries } = await lab.engine.request("cacheExport", { to: to.fsPath });
  void vscode.window.showInformationMessage(`Wrote ${count(entries, "answer")}, without prompts and keys.`);
}

/** Takes in what was exported; answers that are held already stay. */
export async function importCache(lab: Lab): Promise<void> {
  const [from] = (await vscode.window.showOpenDialog({ title: "Import Cache", filters: files })) ?? [];
  if (from === undefined) return;
  const { added, known, rejected } = await lab.engine.request("cacheImport", { from: from.fsPath });
  const text = `Took in ${count(added, "answer")}; ${count(known, "answer")} known already.`;
  if (rejected.length === 0) void vscode.window.showInformationMessage(text);
  else
    void vscode.window.showWarningMessage(
      `${text} ${count(rejected.length, "line")} held none, first line ${rejected[0]}.`,
    );
}

import assert from "node:assert/strict";
import * as vscode from "vscode";
import { drivable, workbench } from "../../support/workbench.ts";
import { closeAll, eventually, notification, treeRows } from "./support.ts";

/** The simulator's address, as its notice tells it. */
async function startedSimulator(): Promise<string> {
  await vscode.commands.executeCommand("layoutlab.openSimulator");
  return new URL((await notification(/as OpenAI \((http:\S+?)\)/))[1] ?? "").origin;
}

describe("local models", () => {
  const settings = () => vscode.workspace.getConfiguration();

  before(function () {
    if (!drivable) this.skip();
  });
  after(async () => {
    if (!drivable) return;
    await settings().update("layoutlab.ollama.host", undefined, vscode.ConfigurationTarget.Global);
    await vscode.commands.executeCommand("layoutlab.stopSimulator");
    await closeAll();
  });

  it("stand in the tree with what they take of memory, and with what is installed", async () => {
    const url = await startedSimulator();
    await settings().update("layoutlab.ollama.host", url, vscode.ConfigurationTarget.Global);
    await vscode.commands.executeCommand("layoutlab.models.focus");
    await eventually(async () => {
      // As `ollama run` would, from a terminal. The engine opens anew for the setting, and the simulator with it.
      const loading = await fetch(`${url}/api/generate`, {
        method: "POST",
        body: JSON.stringify({ model: "reader", keep_alive: -1, options: { num_ctx: 8192 } }),
      });
      assert.equal(loading.status, 200);
      await vscode.commands.executeCommand("layoutlab.refreshModels");
      const rows = await treeRows();
      assert.ok(
        rows.some((row) => /^ollama:reader:latest ?9\.0 GB, context 8,192, in memory/.test(row)),
        rows.join(" | "),
      );
    }, 20_000);
    await workbench.screenshot("local models");
  });
});

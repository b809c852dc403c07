import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import { drivable, webview, workbench } from "../../support/workbench.ts";
import {
  clearNotifications,
  closeAll,
  eventually,
  example,
  notification,
  openExperiment,
  shownInTrees,
  smallExperiment,
  treeRows,
  unfold,
  workspaceFolder,
} from "./support.ts";

/** Big enough to be stopped on its way, with every trial asked of a model that takes its time. */
const longExperiment = smallExperiment
  .replace("name: small", "name: long")
  .replace("limit: 30", "limit: 300")
  .replace("builtin:reader", "openai:reader")
  .replace("sampling:", "limits: { pools: [{ models: ['*'], concurrency: 2 }] }\ncache: { mode: 'off' }\nsampling:");

describe("running", () => {
  before(function () {
    if (!drivable) this.skip();
  });
  afterEach(closeAll);

  it("runs an experiment from the command, shows it in the tree, and says how it ended", async () => {
    // First in the tree, whatever other suites left there: only rows in view can be clicked.
    const document = await openExperiment("a-run.layout.yaml", smallExperiment);
    const run = await vscode.commands.executeCommand<string>("layoutlab.runExperiment", document.uri);
    assert.match(run, /\w/);
    await notification(/small: /);
    await vscode.commands.executeCommand("layoutlab.experiments.focus");
    await unfold("a-run.layout.yaml");
    const ranAt = /^\d{4}-\d\d-\d\d \d\d:\d\d/;
    await shownInTrees(ranAt);
    await unfold(ranAt.exec((await treeRows()).find((row) => ranAt.test(row)) ?? "")?.[0] ?? "");
    await shownInTrees(/^recency ?\d+\.\d %/);
    await workbench.screenshot("experiments tree");
  });

  it("keeps the answers, and shows them in the cache's tree", async () => {
    await vscode.commands.executeCommand("layoutlab.cache.focus");
    await shownInTrees(/^\w+ ?\d+ answers · [\d.]+ KB · \d+ % hits$/);
  });

  it("stops on the way, goes on where it stood, and asks no one before it may", async () => {
    const simulator = await startedSimulator();
    const settings = vscode.workspace.getConfiguration();
    await settings.update("layoutlab.openai.baseUrl", simulator, vscode.ConfigurationTarget.Global);
    try {
      const document = await openExperiment("long.layout.yaml", longExperiment);
      const run = await vscode.commands.executeCommand<string>("layoutlab.runExperiment", document.uri);
      assert.match(run, /\w/);
      await workbench.waitFor(".statusbar-item >> text=/Layout Lab \\d/");
      await vscode.commands.executeCommand("layoutlab.stopRun", { run });
      await notification(/long stopped: /);
      await workbench.waitFor(".statusbar-item >> text=/Layout Lab \\d/", { state: "detached" });
      await clearNotifications();
      await vscode.commands.executeCommand("layoutlab.resumeRun", { run });
      await notification(/long: /);
    } finally {
      await settings.update("layoutlab.openai.baseUrl", undefined, vscode.ConfigurationTarget.Global);
      await vscode.commands.executeCommand("layoutlab.stopSimulator");
    }
  }).timeout(120_000);

  it("measures noise, and shows what changes by itself", async () => {
    const document = await openExperiment("small.layout.yaml", smallExperiment);
    const measured = vscode.commands.executeCommand<string>("layoutlab.measureNoise", document.uri);
    await workbench.waitFor(".quick-input-widget >> text=answer twice");
    await workbench.fill(".quick-input-widget input.input", "12");
    await workbench.press("Enter");
    const run = await measured;
    assert.match(run, /\w/);
    await notification(/small: /);
    await vscode.commands.executeCommand("layoutlab.showMetrics", { run });
    await eventually(() => {
      assert.ok(vscode.window.tabGroups.activeTabGroup.activeTab?.label.startsWith("Metrics: small"));
    });
    await webview("Metrics: small").waitFor("text=Noise floor");
  });

  it("lets a layout join a finished run", async () => {
    const document = await openExperiment(
      "small.layout.yaml",
      smallExperiment.replace("[standard, recency]", "[standard]"),
    );
    const run = await vscode.commands.executeCommand<string>("layoutlab.runExperiment", document.uri);
    await notification(/small: /);
    await clearNotifications();
    await openExperiment("small.layout.yaml", smallExperiment);
    const joined = vscode.commands.executeCommand("layoutlab.addLayouts", { run });
    await workbench.waitFor(".quick-input-widget input[placeholder*='join small']");
    await workbench.click(".quick-input-list .monaco-list-row:has-text('recency')");
    await workbench.press("Enter");
    await joined;
    await notification(/small: /);
    await vscode.commands.executeCommand("layoutlab.addLayouts", { run });
    await notification(/every layout of small is in the run/);
  });

  it("keeps its store in the workspace, out of version control", async () => {
    assert.equal(
      await readFile(join(workspaceFolder(), ".layoutlab/.gitignore"), "utf8"),
      "*\n!layouts.yaml\n!prices.yaml\n",
    );
  });

  it("compares layouts in the native diff", async () => {
    const document = await openExperiment("small.layout.yaml", smallExperiment);
    const chosen = vscode.commands.executeCommand("layoutlab.compareLayouts", document.uri);
    await workbench.waitFor(".quick-input-list >> text=standard >> nth=0");
    await workbench.press("Enter");
    await workbench.waitFor(".quick-input-widget input[placeholder*='…with standard']");
    await workbench.press("Enter");
    await chosen;
    const { original, modified } = await eventually(() => {
      const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
      assert.ok(tab?.input instanceof vscode.TabInputTextDiff);
      assert.equal(tab.label, "small: standard ↔ recency");
      return tab.input;
    });
    const texts = await Promise.all(
      [original, modified].map(async (uri) => (await vscode.workspace.openTextDocument(uri)).getText()),
    );
    assert.match(texts[0] ?? "", /── system ──[\s\S]*── user ──/);
    assert.notEqual(texts[0], texts[1]);
  });

  it("estimates in a line and in a report", async () => {
    const document = await openExperiment("small.layout.yaml", smallExperiment);
    await vscode.commands.executeCommand("layoutlab.estimateCost", document.uri);
    await notification(/small: at most \d+ calls?, \$0/);
  });

  it("makes a new experiment from a table, with its preview beside it", async () => {
    await vscode.commands.executeCommand("layoutlab.newExperiment", example("data/support.csv"));
    const document = await eventually(() => {
      const editor = vscode.window.activeTextEditor;
      assert.equal(editor?.document.uri.fsPath, example("support.layout.yaml").fsPath);
      return editor?.document as vscode.TextDocument;
    });
    assert.match(document.getText(), /dataset:[\s\S]*data\/support\.csv/);
    await eventually(() => {
      const labels = vscode.window.tabGroups.all.flatMap((group) => group.tabs.map((tab) => tab.label));
      assert.ok(labels.includes("Preview: support"), labels.join(", "));
    });
    await eventually(() => {
      const errors = vscode.languages
        .getDiagnostics(document.uri)
        .filter((each) => each.severity === vscode.DiagnosticSeverity.Error);
      assert.deepEqual(errors, []);
    });
  });
});

/** Starts the simulator and reads its address where a person does. */
async function startedSimulator(): Promise<string> {
  await vscode.commands.executeCommand("layoutlab.openSimulator");
  return (await notification(/as OpenAI \((http:\S+?)\)/))[1] ?? "";
}

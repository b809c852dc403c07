import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
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
  treeRow,
  treeRows,
  unfold,
} from "./support.ts";

/** Held back by a limit of a few a minute, on a server that answers at once. */
const slowExperiment = smallExperiment
  .replace("name: small", "name: slow")
  .replace("builtin:reader", "openai:reader")
  .replace(
    "sampling:",
    "limits: { pools: [{ models: ['*'], requestsPerMinute: 12, concurrency: 2 }] }\ncache: { mode: 'on' }\nsampling:",
  );

describe("the queue and the cache, in their views", () => {
  const settings = vscode.workspace.getConfiguration();

  before(async function () {
    if (!drivable) this.skip();
    await vscode.commands.executeCommand("layoutlab.openSimulator");
    const simulator = (await notification(/as OpenAI \((http:\S+?)\)/))[1] ?? "";
    await settings.update("layoutlab.openai.baseUrl", simulator, vscode.ConfigurationTarget.Global);
    const free = { "openai:reader": { prompt: 0, completion: 0 } };
    await settings.update("layoutlab.prices", free, vscode.ConfigurationTarget.Global);
    await vscode.commands.executeCommand("workbench.view.extension.layoutlab");
  });
  after(async () => {
    if (!drivable) return;
    await settings.update("layoutlab.openai.baseUrl", undefined, vscode.ConfigurationTarget.Global);
    await settings.update("layoutlab.prices", undefined, vscode.ConfigurationTarget.Global);
    await vscode.commands.executeCommand("layoutlab.stopSimulator");
    await workbench.theme("light");
  });
  afterEach(closeAll);

  it("show what a run waits for, and let its limits be changed while it goes", async () => {
    const document = await openExperiment("slow.layout.yaml", slowExperiment);
    await vscode.commands.executeCommand("layoutlab.runExperiment", document.uri);
    await vscode.commands.executeCommand("layoutlab.models.focus");
    await shownInTrees(/^all models.*of 12 in the window.*waiting$/);
    await shownInTrees(/^Limit ?12 requests a minute, as told$/);
    await shownInTrees(/^openai:reader.*waiting: request limit, free in/);
    for (const theme of ["light", "dark", "hc-black"] as const) {
      await workbench.theme(theme);
      await workbench.screenshot(`queue ${theme}`);
    }
    await workbench.theme("light");
    await workbench.hover(treeRow("of 12 in the window"));
    await workbench.click(`${treeRow("of 12 in the window")} >> role=button[name=/Change Limits/]`);
    await workbench.click(".quick-input-list .monaco-list-row:has-text('Requests a minute') >> nth=0");
    await eventually(async () => assert.equal(await workbench.value(".quick-input-widget input.input"), "12"));
    await workbench.fill(".quick-input-widget input.input", "6000");
    await workbench.press("Enter");
    // Whatever takes the focus meanwhile would close it unread.
    await workbench.waitFor(".quick-input-widget", { state: "hidden" });
    await notification(/^slow: /);
  }).timeout(90_000);

  it("show what the last run left when none is going", async () => {
    await vscode.commands.executeCommand("layoutlab.models.focus");
    await shownInTrees(/^As the last run left it ?slow, /);
    await unfold("As the last run left it");
    await shownInTrees(/^openai:reader ?100\.0 % of \d+ answered/);
  });

  it("show the cache by experiment with its hits, and give back an answer that was deleted", async () => {
    await clearNotifications();
    await vscode.commands.executeCommand("layoutlab.cache.focus");
    await shownInTrees(/^slow ?\d+ answers · [\d.]+ KB · \d+ % hits$/);
    await unfold("slow", "% hits");
    await shownInTrees(/^openai:reader ?\d+ answers/);
    await unfold("openai:reader", "% hits");
    await shownInTrees(/not used yet|\d+ uses?/);
    for (const theme of ["light", "hc-light"] as const) {
      await workbench.theme(theme);
      await workbench.screenshot(`cache ${theme}`);
    }
    await workbench.theme("light");
    const held = async () =>
      Number(/^slow ?(\d+) answers/.exec((await treeRows()).find((row) => /^slow ?\d/.test(row)) ?? "")?.[1]);
    const before = await held();
    const answer = ".pane-body .monaco-list-row:has-text(' use') >> nth=0";
    await workbench.hover(answer);
    await workbench.click(`${answer} >> role=button[name=/Delete Cached/]`);
    await notification(/^Deleted 1 cached answer\.$/);
    await eventually(async () => assert.equal(await held(), before - 1));
    await workbench.click(".notifications-center >> role=button[name='Undo']");
    await eventually(async () => assert.equal(await held(), before));
  });

  it("warm the cache, having said what that takes", async () => {
    await clearNotifications();
    const text = slowExperiment.replace("name: slow", "name: warm").replace("12, concurrency: 2", "6000");
    const document = await openExperiment("warm.layout.yaml", text.replace("Which label", "Whose label"));
    const warmed = vscode.commands.executeCommand("layoutlab.warmCache", document.uri);
    await notification(/^Ask for \d+ answers of warm\? \d+ are in the cache\. Cost: nothing\.$/);
    await workbench.screenshot("warm cache");
    await workbench.click(".notifications-center >> role=button[name='Warm']");
    await warmed;
    await notification(/^warm: asked for \d+ answers, knew \d+\.$/);
  });

  it("say above the experiment what an edit leaves valid", async () => {
    const document = await openExperiment("slow.layout.yaml", slowExperiment);
    const lenses = async () =>
      (
        (await vscode.commands.executeCommand<vscode.CodeLens[]>("vscode.executeCodeLensProvider", document.uri)) ?? []
      ).map(({ command }) => command?.title ?? "");
    await eventually(async () =>
      assert.ok((await lenses()).some((title) => /all \d+ answers still valid/.test(title))),
    );
    const edit = new vscode.WorkspaceEdit();
    const text = document.getText();
    const at = document.positionAt(text.indexOf("Which label"));
    edit.replace(document.uri, new vscode.Range(at, at.translate(0, "Which label".length)), "What label");
    await vscode.workspace.applyEdit(edit);
    await eventually(async () => {
      const titles = await lenses();
      assert.ok(
        titles.some((title) => /0 of \d+ answers still valid, \d+ stale by question/.test(title)),
        titles.join(" | "),
      );
    });
    await workbench.screenshot("coverage lens");
  });

  it("open a table of prices that the engine reads", async () => {
    await vscode.commands.executeCommand("layoutlab.editPrices");
    const file = example(".layoutlab/prices.yaml");
    await eventually(() => assert.equal(vscode.window.activeTextEditor?.document.uri.fsPath, file.fsPath));
    assert.ok(existsSync(file.fsPath));
    assert.match(readFileSync(file.fsPath, "utf8"), /^#\s+openai:gpt-4\.1-mini: \{ prompt: 0\.4/m);
    await workbench.screenshot("prices");
  });

  it("tell once of a run that nears its budget, and mark it in the tree and in its metrics", async () => {
    await clearNotifications();
    const text = smallExperiment
      .replace("name: small", "name: near")
      .replace("sampling:", "limits: { maxCalls: 64 }\ncache: { mode: 'off' }\nsampling:");
    const document = await openExperiment("near.layout.yaml", text);
    await vscode.commands.executeCommand("layoutlab.runExperiment", document.uri);
    await notification(/^near: 93\.8 % of the budget of 64 calls is used: the run stops when it is used up\.$/);
    await unfold("near.layout.yaml");
    await shownInTrees(/ · 1 alert$/);
    const told = ".notifications-center .monaco-list-row:has-text('of the budget') >> role=button[name='Show Metrics']";
    await workbench.click(told);
    await webview("Metrics: near").waitFor("text=/93.8 % of the budget of 64 calls is used/");
    await clearNotifications();
    await workbench.screenshot("alerts metrics");
  });
});

import assert from "node:assert/strict";
import * as vscode from "vscode";
import { drivable, type Scene, webview, workbench } from "../../support/workbench.ts";
import { clearNotifications, closeAll, eventually, example } from "./support.ts";

/** The example as a person meets it, in a window without what tests leave lying about. */
describe("the panels, clicked through on the example", () => {
  const settings = () => vscode.workspace.getConfiguration();
  let run = "";

  before(async function () {
    if (!drivable) this.skip();
    await settings().update("editor.minimap.enabled", false, vscode.ConfigurationTarget.Global);
    await settings().update("editor.wordWrap", "on", vscode.ConfigurationTarget.Global);
    await vscode.commands.executeCommand("workbench.action.closeSidebar");
    await workbench.viewport(1200, 760);
  });
  after(async () => {
    if (!drivable) return;
    await closeAll();
    await workbench.theme("light");
  });

  async function openExample(): Promise<vscode.TextDocument> {
    const document = await vscode.workspace.openTextDocument(example("intents.layout.yaml"));
    await vscode.window.showTextDocument(document, vscode.ViewColumn.One);
    return document;
  }

  it("previews: another tab by keyboard, another example, two layouts side by side", async () => {
    const document = await openExample();
    await vscode.commands.executeCommand("layoutlab.previewLayouts", document.uri, "sandwich");
    const preview = webview("Preview: intents");
    await preview.waitFor("role=tab[name=/sandwich/][selected=true]");
    // Away from the buttons, whose tips would be in the picture.
    await workbench.hover(".statusbar");
    await workbench.screenshot("readme preview");
    await preview.press("role=tab[name=/sandwich/]", "ArrowRight");
    await preview.waitFor("role=tab[name=/minimal-system/][selected=true]");
    await preview.click("role=button[name=/next/i] >> nth=0");
    await eventually(async () => assert.equal(await preview.value("input >> nth=0"), "2"));
    assert.deepEqual(await seriousFaults(preview), []);
  });

  it("shows a run to its end", async () => {
    const document = await openExample();
    await vscode.commands.executeCommand("workbench.action.closeEditorsInOtherGroups");
    run = await vscode.commands.executeCommand<string>("layoutlab.runExperiment", document.uri);
    const progress = webview("Progress: intents");
    await progress.waitFor("text=/Finished/i >> nth=0");
    await progress.waitFor("text=sandwich >> nth=0");
    await clearNotifications();
    await workbench.screenshot("readme run");
    assert.deepEqual(await seriousFaults(progress), []);
  });

  it("shows a run that is over again as it was at its end", async () => {
    const numbers = async () => (await webview("Progress: intents").text(".numbers")).replaceAll(/\s+/g, " ");
    const before = await numbers();
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    await vscode.commands.executeCommand("layoutlab.showProgress", { run });
    const progress = webview("Progress: intents");
    await progress.waitFor("time-chart canvas >> nth=1");
    assert.equal(await numbers(), before);
    await workbench.screenshot("progress again");
  });

  it("leads from the verdict to a single prompt and its raw answer", async () => {
    await vscode.commands.executeCommand("layoutlab.showMetrics", { run });
    const results = webview("Metrics: intents");
    await results.waitFor("role=tab[name=/Overview/]");
    await results.waitFor("text=/sandwich wins/ >> nth=0");
    await vscode.commands.executeCommand("workbench.action.closeEditorsInOtherGroups");
    await clearNotifications();
    await workbench.screenshot("readme results");
    await results.click("role=tab[name=/Errors/]");
    await results.waitFor("role=grid >> role=row >> nth=1");
    await results.click("role=grid >> role=row >> nth=1");
    await results.waitFor("text=/Instructions/ >> nth=0");
    await workbench.screenshot("results errors");
    await results.click("role=tab[name=/Decisions/]");
    await results.waitFor("text=/dropped/ >> nth=0");
    await workbench.theme("hc-black");
    assert.deepEqual(await seriousFaults(results), []);
    await workbench.screenshot("results high contrast");
  });
});

/** What axe finds serious or critical. The page's frame belongs to VS Code, and so do moderate remarks about landmarks. */
async function seriousFaults(panel: Scene): Promise<readonly string[]> {
  const found = await panel.axe();
  return found
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, help }) => `${id}: ${help}`);
}

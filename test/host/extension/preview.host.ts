import assert from "node:assert/strict";
import * as vscode from "vscode";
import { drivable, webview, workbench } from "../../support/workbench.ts";
import { closeAll, eventually, openExperiment, smallExperiment } from "./support.ts";

async function replace(document: vscode.TextDocument, found: string, text: string): Promise<void> {
  const start = document.getText().indexOf(found);
  assert.ok(start >= 0, found);
  const edit = new vscode.WorkspaceEdit();
  const range = new vscode.Range(document.positionAt(start), document.positionAt(start + found.length));
  edit.replace(document.uri, range, text);
  assert.ok(await vscode.workspace.applyEdit(edit));
}

describe("the preview", () => {
  before(function () {
    if (!drivable) this.skip();
  });
  afterEach(closeAll);

  it("opens beside the text, leaves the cursor there, and follows what is typed", async () => {
    const document = await openExperiment("small.layout.yaml", smallExperiment);
    await vscode.commands.executeCommand("layoutlab.previewLayouts", document.uri);
    const preview = webview("Preview: small");
    await preview.waitFor("text=/Which label fits what the customer needs now/ >> nth=0");
    assert.equal(vscode.window.activeTextEditor?.document.uri.toString(), document.uri.toString());
    await replace(document, "Which label", "Tell me which label");
    await preview.waitFor("text=/Tell me which label/ >> nth=0");
    await workbench.screenshot("preview beside the text");
  });

  it("keeps the last good prompt while the text is broken, and says what is wrong", async () => {
    const document = await openExperiment("small.layout.yaml", smallExperiment);
    await vscode.commands.executeCommand("layoutlab.previewLayouts", document.uri);
    const preview = webview("Preview: small");
    await preview.waitFor("text=/Which label fits/ >> nth=0");
    await replace(document, "question: Which", 'question: "Which');
    await preview.waitFor("text=/small.layout.yaml:\\d+:\\d+/ >> nth=0");
    assert.ok((await preview.count("text=/Which label fits/")) > 0);
    await replace(document, 'question: "Which', "question: Which");
    await eventually(async () => assert.equal(await preview.count("text=/small.layout.yaml:\\d+:\\d+/"), 0));
  });

  it("writes a moved part as a layout into the file, in one step that undo takes back", async () => {
    const text = smallExperiment.replace(
      "layouts: [standard, recency]",
      "layouts: # two to begin with\n  - standard\n  - recency # the newer one",
    );
    const document = await openExperiment("small.layout.yaml", text);
    await vscode.commands.executeCommand("layoutlab.previewLayouts", document.uri);
    const preview = webview("Preview: small");
    await preview.press(".group[data-part=question] .grip", "Alt+ArrowUp");
    await preview.waitFor("role=tab[name=/mine/][selected=true]");
    const entry = "  - { name: mine, system: [instructions, output], user: [question, segment] }\n";
    assert.equal(document.getText(), text.replace("the newer one\n", `the newer one\n${entry}`));
    await preview.press(".group[data-part=question] .grip", "Alt+Shift+ArrowUp");
    await eventually(() =>
      assert.match(document.getText(), /mine, system: \[instructions, output, question\], user: \[segment\]/),
    );
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand("undo");
    await vscode.commands.executeCommand("undo");
    assert.equal(document.getText(), text);
  });

  it("turns to a layout that a lens names", async () => {
    const document = await openExperiment("small.layout.yaml", smallExperiment);
    await vscode.commands.executeCommand("layoutlab.previewLayouts", document.uri, "recency");
    const preview = webview("Preview: small");
    await preview.waitFor("role=tab[name=/recency/][selected=true]");
    await vscode.commands.executeCommand("layoutlab.previewLayouts", document.uri, "standard");
    await preview.waitFor("role=tab[name=/standard/][selected=true]");
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs.map((tab) => tab.label));
    assert.equal(tabs.filter((label) => label === "Preview: small").length, 1);
  });

  it("comes back on the same file when the panel was hidden", async () => {
    const document = await openExperiment("small.layout.yaml", smallExperiment);
    await vscode.commands.executeCommand("layoutlab.previewLayouts", document.uri, "recency");
    const preview = webview("Preview: small");
    await preview.waitFor("role=tab[name=/recency/][selected=true]");
    // Another editor in front of the panel lets its page go.
    await vscode.window.showTextDocument(document, vscode.ViewColumn.Two);
    await replace(document, "Which label", "Say which label");
    await vscode.commands.executeCommand("layoutlab.previewLayouts", document.uri);
    await preview.waitFor("text=/Say which label/ >> nth=0");
    await preview.waitFor("role=tab[name=/recency/][selected=true]");
  });
});

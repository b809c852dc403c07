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
  smallExperiment,
} from "./support.ts";

const row = (text: string) => `.quick-input-list .monaco-list-row:has-text('${text}') >> nth=0`;

async function runToItsEnd(): Promise<string> {
  await clearNotifications();
  const document = await openExperiment("small.layout.yaml", smallExperiment);
  const run = await vscode.commands.executeCommand<string>("layoutlab.runExperiment", document.uri);
  await notification(/^small: /);
  return run;
}

describe("the commands", () => {
  before(function () {
    if (!drivable) this.skip();
  });
  afterEach(closeAll);

  it("write the chosen models into the file, to be undone with one step", async () => {
    const document = await openExperiment("small.layout.yaml", smallExperiment);
    const selected = vscode.commands.executeCommand("layoutlab.selectModels", document.uri);
    // The listing has come.
    await workbench.waitFor(".quick-input-list .monaco-list-row >> nth=1");
    await workbench.fill(".quick-input-widget input.input", "openai:gpt-4.1-mini");
    await workbench.click(row("as typed"));
    await workbench.press("Enter");
    await selected;
    assert.match(document.getText(), /^models: \[builtin:reader, openai:gpt-4\.1-mini\]$/m);
    await vscode.commands.executeCommand("undo");
    assert.equal(document.getText(), smallExperiment);
  });

  it("open the metrics of a run", async () => {
    const run = await runToItsEnd();
    await vscode.commands.executeCommand("layoutlab.showMetrics", { run });
    await webview("Metrics: small").waitFor("text=/recency/ >> nth=0");
  });

  it("export a run in the format its file's ending names", async () => {
    const run = await runToItsEnd();
    const file = example("small report.md").fsPath;
    const exported = vscode.commands.executeCommand("layoutlab.exportResults", { run });
    const input = ".quick-input-widget input.input";
    // The editor's own file dialog proposes a name first.
    await eventually(async () => assert.match(await workbench.value(input), /small\.csv$/));
    await workbench.fill(input, file);
    await eventually(async () => assert.equal(await workbench.value(input), file));
    await workbench.press("Enter");
    await exported;
    await eventually(() => assert.ok(existsSync(file)));
    assert.match(readFileSync(file, "utf8"), /recency/);
  });

  it("compare two runs in a report", async () => {
    const [first, second] = [await runToItsEnd(), await runToItsEnd()];
    assert.notEqual(first, second);
    const compared = vscode.commands.executeCommand("layoutlab.compareRuns", { run: first });
    await workbench.waitFor(".quick-input-widget input[placeholder*='Which variant']");
    await workbench.click(row("recency/builtin:reader"));
    await workbench.waitFor(".quick-input-widget input[placeholder*='with which other run']");
    await workbench.press("Enter");
    await workbench.waitFor(".quick-input-widget input[placeholder*='Which variant']");
    await workbench.click(row("recency/builtin:reader"));
    await compared;
    const report = await eventually(() => {
      const found = vscode.workspace.textDocuments.find((each) => each.uri.path.startsWith("/Comparison of"));
      assert.ok(found);
      return found;
    });
    assert.match(report.getText(), /\| B better, worse, equal \| 0, 0, 30 \|/);
  });

  it("hold two runs against the noise of a third", async () => {
    const first = await runToItsEnd();
    await runToItsEnd();
    const document = await openExperiment("small.layout.yaml", smallExperiment);
    await clearNotifications();
    const measured = vscode.commands.executeCommand("layoutlab.measureNoise", document.uri);
    await workbench.waitFor(".quick-input-widget >> text=/How many examples/");
    await workbench.press("Enter");
    await measured;
    await notification(/^small: /);
    const compared = vscode.commands.executeCommand("layoutlab.compareRuns", { run: first });
    await workbench.click(row("recency/builtin:reader"));
    await workbench.waitFor(".quick-input-widget input[placeholder*='with which other run']");
    await workbench.click(".quick-input-list .monaco-list-row >> nth=1");
    await workbench.waitFor(".quick-input-widget input[placeholder*='Which variant']");
    await workbench.click(row("recency/builtin:reader"));
    await workbench.waitFor(".quick-input-widget input[placeholder*='against the noise of']");
    await workbench.click(row("asked everything twice"));
    await compared;
    await eventually(() => {
      const found = vscode.workspace.textDocuments.filter((each) => each.uri.path.startsWith("/Comparison of"));
      assert.ok(
        found.some((each) => /\| Noise: what running one side twice differs by, up to \|/.test(each.getText())),
      );
    });
  });

  it("say what works here", async () => {
    await vscode.commands.executeCommand("layoutlab.showDoctor");
    await eventually(() => {
      const report = vscode.workspace.textDocuments.find((each) => each.uri.path === "/Doctor.md");
      assert.match(report?.getText() ?? "", /\| ✓ \| store \|.*store\.db/);
    });
  });

  it("tell a person, without a stack, what to do about a file that does not run", async () => {
    await clearNotifications();
    const document = await openExperiment("wrong.layout.yaml", smallExperiment.replace("recency", "recencie"));
    await vscode.commands.executeCommand("layoutlab.runExperiment", document.uri);
    const [line] = await notification(/.*there is no layout.*|.*recencie.*/);
    assert.doesNotMatch(line, /\bat .*\.ts|Error:/);
  });
});

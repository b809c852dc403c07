import assert from "node:assert/strict";
import * as vscode from "vscode";
import { drivable, webview, workbench } from "../../support/workbench.ts";
import { clearNotifications, closeAll, eventually, notification, openExperiment, smallExperiment } from "./support.ts";

interface Asked {
  /** Questions of experiments. */
  readonly calls: number;
  /** Short requests that make the editor ask for consent. */
  readonly consents: number;
  readonly most: number;
  readonly cancelled: number;
  readonly last: readonly { readonly role: number; readonly text: string }[];
}

const asked = async () => vscode.commands.executeCommand<Asked>("probe.asked");

const withModel = (model: string) =>
  `${smallExperiment.replace("builtin:reader", model).replace("[standard, recency]", "[standard, recency, minimal-system]")}cache: { mode: 'off' }\n`;

async function run(name: string, text: string): Promise<string> {
  const document = await openExperiment(`${name}.layout.yaml`, text.replace("name: small", `name: ${name}`));
  return vscode.commands.executeCommand<string>("layoutlab.runExperiment", document.uri);
}

describe("the editor's own models", () => {
  before(async function () {
    if (!drivable) this.skip();
    // Its first use starts the probe.
    await vscode.lm.selectChatModels({ vendor: "probe" });
  });
  afterEach(closeAll);

  it("are listed with vendor, family and the longest prompt, and chosen into the file", async () => {
    const document = await openExperiment("chosen.layout.yaml", smallExperiment);
    const chosen = vscode.commands.executeCommand("layoutlab.selectModels", document.uri);
    await workbench.waitFor(".quick-input-list >> text=vscode:probe/labels");
    await workbench.waitFor(".quick-input-list >> text=Labels, probe, at most 8,000 tokens >> nth=0");
    await workbench.screenshot("select models");
    await workbench.fill(".quick-input-widget input.input", "vscode:probe/labels");
    await workbench.click(".quick-input-list .monaco-list-row:has-text('vscode:probe/labels')");
    await workbench.press("Enter");
    await chosen;
    assert.match(document.getText(), /models: \[builtin:reader, vscode:probe\/labels\]/);
  });

  it("keep what is ticked, typed and focused while the listing arrives", async () => {
    const three = "models: [builtin:reader, openai:first, openai:second]";
    for (let i = 0; i < 3; i++) {
      const document = await openExperiment(`arriving${i}.layout.yaml`, smallExperiment.replace(/models: .*/, three));
      await vscode.commands.executeCommand("probe.holdModels");
      const chosen = vscode.commands.executeCommand("layoutlab.selectModels", document.uri);
      const second = ".quick-input-list .monaco-list-row:has-text('openai:second')";
      await workbench.waitFor(second);
      await workbench.fill(".quick-input-widget input.input", "openai:");
      await workbench.waitFor(".quick-input-list .monaco-list-row:has-text('builtin:reader')", { state: "detached" });
      await workbench.press("ArrowDown");
      await workbench.press("ArrowDown");
      await workbench.waitFor(second.replace("-row", "-row.focused"));
      // Both at once: the tick is on its way while the list is renewed.
      await Promise.all([workbench.press("Space"), vscode.commands.executeCommand("probe.listModels")]);
      await workbench.waitFor(".quick-input-widget .monaco-progress-container.active", { state: "detached" });
      await eventually(async () => {
        assert.equal(await workbench.attribute(`${second} >> [role=checkbox] >> nth=0`, "aria-checked"), "false");
      });
      assert.equal(await workbench.value(".quick-input-widget input.input"), "openai:");
      assert.equal(await workbench.count(second.replace("-row", "-row.focused")), 1);
      await workbench.press("Enter");
      await chosen;
      assert.match(document.getText(), /models: \[builtin:reader, openai:first\]/);
      await closeAll();
    }
  });

  it("answer a run, two at a time, without a system message, and are called exploratory", async () => {
    const before = await asked();
    const id = await run("editors", withModel("vscode:probe/labels"));
    await notification(/editors: /);
    const after = await asked();
    assert.equal(after.calls - before.calls, 90);
    assert.equal(after.most, 2);
    assert.deepEqual(
      after.last.map(({ role }) => role),
      [vscode.LanguageModelChatMessageRole.User],
    );
    assert.match(after.last[0]?.text ?? "", /Which label fits/);
    await vscode.commands.executeCommand("layoutlab.showMetrics", { run: id });
    const panel = webview("Metrics: editors");
    await panel.waitFor("text=/Exploratory: the editor adds text of its own/ >> nth=0");
    await panel.waitFor("role=table[name=Leaderboard] >> text=exploratory >> nth=0");
    await panel.waitFor("text=/are one and the same prompt, as it has no system role/ >> nth=0");
    await workbench.screenshot("editor models results");
  }).timeout(60_000);

  it("end what they write when a run is stopped at once", async () => {
    const before = await asked();
    const id = await run("slowly", withModel("vscode:probe/slow"));
    await eventually(async () => assert.equal((await asked()).calls - before.calls, 2));
    // Once lets what is in flight finish; again gives it up.
    await eventually(async () => {
      await vscode.commands.executeCommand("layoutlab.stopRun", { run: id });
      assert.equal((await asked()).cancelled - before.cancelled, 2);
    });
    await notification(/slowly stopped: /);
  });

  for (const [model, told] of [
    ["refusing", /probe\/refusing may not be used: the person said no/],
    ["spent", /the allowance of this month is used up/],
    ["nobody", /the editor has no model probe\/nobody/],
  ] as const) {
    it(`say in one line that ${model} does not answer`, async () => {
      await clearNotifications();
      await run(model, withModel(`vscode:probe/${model}`));
      const [line] = await notification(new RegExp(`.*${told.source}.*`));
      assert.doesNotMatch(line, /\bat .*\.ts|Error:/);
    });
  }

  it("are not run without consent, which is asked for once", async () => {
    const before = await asked();
    await run("closed", withModel("vscode:closed/refusing"));
    await notification(/Layout Lab may not use vscode:closed\/refusing \(the person said no\): allow it/);
    const after = await asked();
    assert.equal(after.consents - before.consents, 1);
    assert.equal(after.calls - before.calls, 0);
  });

  it("are asked no more often than the setting says", async () => {
    const settings = vscode.workspace.getConfiguration();
    await settings.update("layoutlab.editorModels.maxCalls", 20, vscode.ConfigurationTarget.Global);
    try {
      const before = await asked();
      await run("capped", withModel("vscode:probe/labels"));
      await notification(/capped.*the 20 calls/);
      assert.equal((await asked()).calls - before.calls, 20);
    } finally {
      await settings.update("layoutlab.editorModels.maxCalls", undefined, vscode.ConfigurationTarget.Global);
    }
  });
});

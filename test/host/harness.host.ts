import assert from "node:assert/strict";
import { statSync } from "node:fs";
import * as vscode from "vscode";
import { drivable, type ThemeName, webview, workbench } from "../support/workbench.ts";

describe("the harness", () => {
  before(async function () {
    if (!drivable) this.skip();
    await vscode.commands.executeCommand("probe.openPanel");
  });

  it("opens a trusted copy of the examples", () => {
    assert.equal(vscode.workspace.workspaceFolders?.[0]?.name, "examples");
    assert.equal(vscode.workspace.isTrusted, true);
  });

  it("drives a webview and leaves its content security policy in force", async () => {
    const panel = webview("Probe Panel");
    await panel.fill("#name", "Ada");
    await panel.click("role=button[name='Greet']");
    await panel.waitFor("text=Hello, Ada!");
    assert.equal(await panel.text("#greeting"), "Hello, Ada!");
    assert.equal(await panel.text("#policy"), "EvalError");
  });

  it("finds accessibility faults with axe", async () => {
    const panel = webview("Probe Panel");
    assert.deepEqual(await panel.axe(), []);
    await panel.evaluate("#name", (input) => input.closest("label")?.replaceWith(input));
    assert.deepEqual(
      (await panel.axe()).map((violation) => violation.id),
      ["label"],
    );
  });

  for (const name of ["light", "dark", "hc-light", "hc-black"] as const satisfies ThemeName[]) {
    it(`shows the ${name} theme`, async () => {
      await workbench.theme(name);
      const kinds = {
        light: "vscode-light",
        dark: "vscode-dark",
        "hc-light": "vscode-high-contrast-light",
        "hc-black": "vscode-high-contrast",
      };
      await webview("Probe Panel").waitFor(`body[data-vscode-theme-kind="${kinds[name]}"]`);
      assert.ok(statSync(await workbench.screenshot(`probe ${name}`)).size > 10_000);
    });
  }

  it("presses keys and reads the workbench", async () => {
    await workbench.press("F1");
    await workbench.fill(".quick-input-widget input", ">Probe: Open");
    await workbench.waitFor(".quick-input-list >> text=Probe: Open Panel");
    await workbench.press("Escape");
  });

  it("lends the tests a language model", async () => {
    const [model] = await vscode.lm.selectChatModels({ vendor: "probe", id: "echo" });
    assert.ok(model);
    const response = await model.sendRequest([vscode.LanguageModelChatMessage.User("label: card_arrival")]);
    let text = "";
    for await (const chunk of response.text) text += chunk;
    assert.equal(text, "label: card_arrival");
  });
});

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import * as vscode from "vscode";
import {
  clearNotifications,
  closeAll,
  eventually,
  notification,
  openExperiment,
  smallExperiment,
  workspaceFolder,
} from "../extension/support.ts";

describe("in a folder that is not trusted", () => {
  after(closeAll);

  it("experiment files are checked", async () => {
    const document = await openExperiment("wrong.layout.yaml", smallExperiment.replace("recency", "recencie"));
    await eventually(() => {
      const codes = vscode.languages.getDiagnostics(document.uri).map((each) => each.code);
      assert.deepEqual(codes, ["unknown-layout"]);
    });
  });

  it("lenses ask for trust instead of offering to run", async () => {
    const document = await openExperiment("small.layout.yaml", smallExperiment);
    await eventually(async () => {
      const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
        "vscode.executeCodeLensProvider",
        document.uri,
      );
      assert.equal(lenses[0]?.command?.command, "workbench.trust.manage");
      assert.ok(!lenses.some((lens) => lens.command?.command === "layoutlab.runExperiment"));
    });
  });

  it("running is refused, whatever way it is asked for", async () => {
    const document = await openExperiment("small.layout.yaml", smallExperiment);
    for (const command of ["runExperiment", "resumeRun", "estimateCost", "openSimulator", "selectModels"]) {
      await clearNotifications();
      assert.equal(await vscode.commands.executeCommand(`layoutlab.${command}`, document.uri), undefined, command);
      await notification(/do not run in a folder that is not trusted/);
    }
  });

  it("a script of the folder is never loaded", async () => {
    const marker = `${workspaceFolder()}/loaded`;
    const script = `import { writeFileSync } from "node:fs";\nwriteFileSync(${JSON.stringify(marker)}, "");\nexport default () => 1;\n`;
    await writeFile(`${workspaceFolder()}/score.mjs`, script);
    const text = `${smallExperiment}scoring: [{ type: script, file: score.mjs }]\n`;
    const document = await openExperiment("scripted.layout.yaml", text);
    await clearNotifications();
    assert.equal(await vscode.commands.executeCommand("layoutlab.runExperiment", document.uri), undefined);
    await notification(/do not run in a folder that is not trusted.*Manage Workspace Trust/);
    assert.ok(!existsSync(marker));
  });

  it("a folder's own addresses do not count, and nothing is written into it", async () => {
    const settings = vscode.workspace.getConfiguration("layoutlab");
    await settings.update("openai.baseUrl", "http://127.0.0.1:9/v1", vscode.ConfigurationTarget.Workspace);
    await eventually(() => {
      const inspected = vscode.workspace.getConfiguration("layoutlab").inspect("openai.baseUrl");
      assert.equal(inspected?.workspaceValue, undefined);
    });
    assert.equal(vscode.workspace.getConfiguration("layoutlab").get("openai.baseUrl"), "");
    assert.ok(!existsSync(`${workspaceFolder()}/.layoutlab`));
  });
});

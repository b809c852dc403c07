import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import { drivable, workbench } from "../../support/workbench.ts";
import {
  clearNotifications,
  closeAll,
  eventually,
  notification,
  openExperiment,
  smallExperiment,
  workspaceFolder,
} from "./support.ts";

const script = `export default ({ output, expected }) => ({ score: output === expected ? 0.75 : 0.25, note: "compared" });\n`;

describe("a script that scores", () => {
  before(function () {
    if (!drivable) this.skip();
  });
  afterEach(async () => {
    await clearNotifications();
    await closeAll();
  });

  it("runs in a process of its own, in a folder that is trusted", async () => {
    await writeFile(join(workspaceFolder(), "score.mjs"), script);
    const document = await openExperiment(
      "scripted.layout.yaml",
      `${smallExperiment.replace("name: small", "name: scripted")}scoring: [{ type: script, file: score.mjs }]\n`,
    );
    const run = await vscode.commands.executeCommand<string>("layoutlab.runExperiment", document.uri);
    await notification(/^scripted: /);
    const file = join(workspaceFolder(), "scripted.jsonl");
    const exported = vscode.commands.executeCommand("layoutlab.exportResults", { run });
    const input = ".quick-input-widget input.input";
    await eventually(async () => assert.match(await workbench.value(input), /scripted\.csv$/));
    await workbench.fill(input, file);
    await eventually(async () => assert.equal(await workbench.value(input), file));
    await workbench.press("Enter");
    await exported;
    await eventually(() => assert.ok(existsSync(file)));
    const scores = readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line).score);
    assert.equal(scores.length, 60);
    assert.deepEqual([...new Set(scores)].sort(), [0.25, 0.75]);
  });
});

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import * as vscode from "vscode";
import { drivable, webview } from "../../support/workbench.ts";
import { clearNotifications, closeAll, example, notification, openExperiment, smallExperiment } from "./support.ts";

/** Runs an experiment to its end and shows what it found. */
async function resultsOf(name: string, uri: vscode.Uri) {
  await clearNotifications();
  const run = await vscode.commands.executeCommand<string>("layoutlab.runExperiment", uri);
  assert.match(run, /\w/);
  await notification(new RegExp(`^${name}: `));
  await vscode.commands.executeCommand("layoutlab.showMetrics", { run });
  const results = webview(`Metrics: ${name}`);
  await results.waitFor("role=table[name=Leaderboard]");
  return results;
}

describe("scoring by execution", () => {
  before(function () {
    if (!drivable) this.skip();
  });
  afterEach(closeAll);

  it("asks a script in a process of its own, which holds no key and is not the editor's", async () => {
    await writeFile(
      example("score.mjs").fsPath,
      `export default ({ output }) => {
  const keys = Object.keys(process.env).filter((name) => /KEY|TOKEN|VSCODE/.test(name));
  if (keys.length > 0) throw new Error("sees " + keys);
  return { score: output.length > 0 && process.pid !== ${process.pid} ? 1 : 0 };
};
`,
    );
    const document = await openExperiment(
      "scripted.layout.yaml",
      `${smallExperiment.replace("name: small", "name: scripted")}scoring: [{ type: script, file: score.mjs }]\n`,
    );
    const results = await resultsOf("scripted", document.uri);
    const table = await results.text("role=table[name=Leaderboard]");
    for (const layout of ["standard", "recency"]) assert.match(table, new RegExp(`${layout}[^\\n]*\\t100\\.0\\s%`));
  });

  it("executes the queries of the example against its database", async () => {
    const folder = example("sql").fsPath;
    const env = { ...process.env, ELECTRON_RUN_AS_NODE: "1" };
    await promisify(execFile)(process.execPath, [join(folder, "make.mjs")], { env });
    const results = await resultsOf("shop", vscode.Uri.file(join(folder, "shop.layout.yaml")));
    const table = await results.text("role=table[name=Leaderboard]");
    // Every query of one layout gives the right rows, and two of the other's five.
    assert.match(table, /recency\s+won\t100\.0\s%/);
    assert.match(table, /standard\s+dropped\t40\.0\s%/);
  });
}).timeout(120_000);

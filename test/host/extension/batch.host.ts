import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import * as vscode from "vscode";
import { drivable, workbench } from "../../support/workbench.ts";
import { clearNotifications, closeAll, eventually, example, notification, smallExperiment } from "./support.ts";

const linesOf = (file: string) => readFileSync(file, "utf8").trimEnd().split("\n");

describe("batches", () => {
  afterEach(closeAll);

  it("serve OpenAI's protocol on this machine until they are stopped", async () => {
    const url = await vscode.commands.executeCommand<string>("layoutlab.startBatchServer", "builtin:reader");
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
    const form = new FormData();
    const line = {
      custom_id: "a",
      method: "POST",
      url: "/v1/chat/completions",
      body: { model: "any", messages: [{ role: "user", content: "hello" }] },
    };
    form.set("purpose", "batch");
    form.set("file", new File([JSON.stringify(line)], "in.jsonl"));
    const file = (await (await fetch(`${url}/v1/files`, { method: "POST", body: form })).json()) as { id: string };
    const made = await fetch(`${url}/v1/batches`, {
      method: "POST",
      body: JSON.stringify({ input_file_id: file.id, endpoint: "/v1/chat/completions", completion_window: "24h" }),
    });
    const { id } = (await made.json()) as { id: string };
    await eventually(async () => {
      const batch = (await (await fetch(`${url}/v1/batches/${id}`)).json()) as { status: string };
      assert.equal(batch.status, "completed");
    });
    // A second start is the same server.
    assert.equal(await vscode.commands.executeCommand("layoutlab.startBatchServer", "builtin:reader"), url);
    if (drivable) {
      await notification(/^The batch server answers at /);
      await workbench.waitFor(`.statusbar-item:has-text('${new URL(url).port}')`);
    }
    await vscode.commands.executeCommand("layoutlab.stopBatchServer");
    await assert.rejects(fetch(`${url}/v1/models`));
  });

  it("make requests of a table and answers of requests, beside it", async () => {
    await clearNotifications();
    const spec = example("small.layout.yaml");
    await writeFile(spec.fsPath, smallExperiment);
    const table = example("data/support.csv");
    const requests = await vscode.commands.executeCommand<string>("layoutlab.convertToBatch", table, { spec });
    assert.equal(requests, example("data/support.batch.jsonl").fsPath);
    const count = linesOf(requests).length;
    assert.ok(count > 50);
    if (drivable) await notification(new RegExp(`^${count} requests written to `));
    const answers = await vscode.commands.executeCommand<string>("layoutlab.runBatch", vscode.Uri.file(requests));
    assert.equal(answers, example("data/support.answers.jsonl").fsPath);
    assert.equal(linesOf(answers).length, count);
    if (drivable) await notification(new RegExp(`^${count} of ${count} requests answered\\.`));
    await vscode.commands.executeCommand("layoutlab.fetchBatches");
    if (drivable) await notification(/^No batch is out\./);
  });
});

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import * as vscode from "vscode";
import { drivable, workbench } from "../../support/workbench.ts";
import { closeAll, eventually, notification, openExperiment, smallExperiment, workspaceFolder } from "./support.ts";

const key = "sk-test-3f9c1e77b2";

describe("API keys", () => {
  let server: Server;
  const seen: (string | undefined)[] = [];

  before(async function () {
    if (!drivable) this.skip();
    server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      request.resume();
      response.writeHead(401, { "content-type": "application/json" });
      // What a careless server does: it says the key back.
      response.end(
        JSON.stringify({ error: { message: `Incorrect API key provided: ${key}`, code: "invalid_api_key" } }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await vscode.workspace
      .getConfiguration()
      .update("layoutlab.openai.baseUrl", `http://127.0.0.1:${port}/v1`, vscode.ConfigurationTarget.Global);
  });

  after(async () => {
    await vscode.workspace
      .getConfiguration()
      .update("layoutlab.openai.baseUrl", undefined, vscode.ConfigurationTarget.Global);
    server?.close();
    await closeAll();
  });

  it("go from the input to the provider's server, and come to no file", async () => {
    const added = vscode.commands.executeCommand("layoutlab.addApiKey");
    await workbench.waitFor(".quick-input-list .monaco-list-row:has-text('openai') >> nth=0");
    await workbench.press("Enter");
    await workbench.fill(".quick-input-widget input[type=password]", key);
    await workbench.press("Enter");
    await added;

    const document = await openExperiment(
      "keyed.layout.yaml",
      smallExperiment.replace("builtin:reader", "openai:some-model"),
    );
    await vscode.commands.executeCommand("layoutlab.runExperiment", document.uri);
    await eventually(() => assert.ok(seen.includes(`Bearer ${key}`), `seen: ${seen.join(", ")}`));
    await notification(/keyed stopped|key/);
    const kept = await readdir(join(workspaceFolder(), ".layoutlab"), { recursive: true, withFileTypes: true });
    for (const file of kept.filter((entry) => entry.isFile())) {
      const content = await readFile(join(file.parentPath, file.name), "latin1");
      assert.ok(!content.includes(key), `${file.name} holds the key`);
    }
    for (const text of await workbench.texts(".notifications-center")) assert.ok(!text.includes(key));
  });

  it("are gone when they are removed", async () => {
    const removed = vscode.commands.executeCommand("layoutlab.removeApiKey");
    await workbench.waitFor(".quick-input-list .monaco-list-row:has-text('openai') >> nth=0");
    await workbench.press("Enter");
    await removed;
    seen.length = 0;
    const document = await openExperiment(
      "keyed.layout.yaml",
      smallExperiment.replace("builtin:reader", "openai:some-model"),
    );
    await vscode.commands.executeCommand("layoutlab.runExperiment", document.uri);
    await eventually(() => assert.ok(seen.length > 0));
    assert.ok(!seen.includes(`Bearer ${key}`));
  });
});

import assert from "node:assert/strict";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as vscode from "vscode";
import { commands } from "../../../src/vscode/contributions.ts";

const extensionId = "layoutlab.layoutlab";

describe("the extension", () => {
  let extension: vscode.Extension<unknown>;

  before(async () => {
    const found = vscode.extensions.getExtension(extensionId);
    assert.ok(found, "it is installed");
    extension = found;
    await extension.activate();
  });

  it("activates in less than 50 ms, loading included", async () => {
    const bundle = pathToFileURL(join(extension.extensionPath, "dist/extension.js")).href;
    const loads: number[] = [];
    for (let i = 0; i < 3; i++) {
      const started = performance.now();
      await import(`${bundle}?fresh=${i}`);
      loads.push(performance.now() - started);
    }
    const activation = performance.getEntriesByName("layoutlab.activate")[0];
    assert.ok(activation);
    const load = Math.min(...loads);
    // It happens once, so that on a busy machine one figure cannot tell what it takes.
    const busy = (loadavg()[0] ?? 0) > availableParallelism();
    const said = `activate ${activation.duration} ms, load ${load} ms${busy ? " on a busy machine" : ""}`;
    assert.ok(activation.duration + load < (busy ? 250 : 50), said);
  });

  it("registers exactly the commands of its table", async () => {
    const registered = (await vscode.commands.getCommands(true)).filter((id) => id.startsWith("layoutlab."));
    // The editor adds commands of its own for each view and its container.
    const own = registered.filter(
      (id) => !/\.(focus|open|resetViewLocation|removeView|toggleVisibility)$|resetView/.test(id),
    );
    for (const id of Object.keys(commands)) assert.ok(registered.includes(id), `${id} is registered`);
    assert.deepEqual(
      own.filter((id) => !(id in commands)),
      [],
    );
  });
});

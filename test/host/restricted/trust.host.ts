import assert from "node:assert/strict";
import * as vscode from "vscode";
import { workbench } from "../../support/workbench.ts";

describe("Restricted Mode", () => {
  it("is on", async () => {
    assert.equal(vscode.workspace.isTrusted, false);
    await workbench.waitFor(".statusbar-item >> text=Restricted Mode");
  });
});

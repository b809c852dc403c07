import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import type { LocalServer } from "../localServer.ts";

/** One item while the batch server is up; a click offers its address, and its end. */
export function showBatchServer(server: LocalServer): Disposable {
  const store = new DisposableStore();
  const item = store.add(vscode.window.createStatusBarItem("batchServer", vscode.StatusBarAlignment.Left, 9));
  item.name = "Layout Lab Batch Server";
  item.command = "layoutlab.startBatchServer";
  store.add(
    server.onChange((url) => {
      if (url === undefined) {
        item.hide();
        return;
      }
      item.text = `$(server-process) ${new URL(url).port}`;
      item.tooltip = `Layout Lab batch server at ${url}/v1`;
      item.accessibilityInformation = { label: `Layout Lab batch server at port ${new URL(url).port}`, role: "button" };
      item.show();
    }),
  );
  return store;
}

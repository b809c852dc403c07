import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import { Channel, type Handlers, type Port, type Side } from "../../base/channel.ts";
import { showTrouble } from "../trouble.ts";

export interface PanelOptions<Host extends Side> {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  /** Bundle in `dist/webview`, and `data-panel` of the body. */
  readonly name: string;
  /** What the panel is about; comes back when the window is loaded anew. */
  readonly key: string;
  readonly handlers: Handlers<Host>;
}

/**
 * The host's half of a panel: the document, its strict policy, and the channel. The document is made anew whenever a hidden
 * panel is shown again; its script then says `ready`, so nothing here is lost that matters.
 */
export class Panel<Host extends Side, View extends Side> {
  readonly panel: vscode.WebviewPanel;
  readonly channel: Channel<Host, View>;

  constructor(panel: vscode.WebviewPanel, options: PanelOptions<Host>) {
    this.panel = panel;
    this.channel = new Channel<Host, View>(portOf(panel.webview), told(options.handlers, options.log));
    panel.onDidDispose(() => this.channel.dispose());
    panel.iconPath = vscode.Uri.joinPath(options.context.extensionUri, "media", "panel.svg");
    panel.webview.options = { enableScripts: true, localResourceRoots: [bundles(options.context)] };
    panel.webview.html = page(panel.webview, options);
  }

  /** The panel is about something else now. */
  setKey(key: string): void {
    void this.panel.webview.postMessage({ kind: "key", key });
  }
}

/** The key of a panel that was open before the window was loaded anew. */
export function keyOf(state: unknown): string | undefined {
  if (typeof state !== "object" || state === null || !("key" in state)) return undefined;
  return typeof state.key === "string" ? state.key : undefined;
}

/** Every failure is shown to the person as well as to the panel, which only knows that its request failed. */
function told<Host extends Side>(handlers: Handlers<Host>, log: vscode.LogOutputChannel): Handlers<Host> {
  const wrapped = Object.entries(handlers).map(([name, handler]) => [
    name,
    async (params: never) => {
      try {
        return await handler(params);
      } catch (error) {
        void showTrouble(error, log);
        throw error;
      }
    },
  ]);
  return Object.fromEntries(wrapped) as Handlers<Host>;
}

function bundles(context: vscode.ExtensionContext): vscode.Uri {
  return vscode.Uri.joinPath(context.extensionUri, "dist", "webview");
}

function portOf(webview: vscode.Webview): Port {
  return {
    post: (message) => void webview.postMessage(message),
    onMessage: (listener) => webview.onDidReceiveMessage(listener),
  };
}

/**
 * The panel's script keeps its own state with `setState`; around it the page keeps the key, so that the host finds again what
 * the panel was about and no panel needs to know of it.
 */
function page<Host extends Side>(webview: vscode.Webview, { context, name, key }: PanelOptions<Host>): string {
  const nonce = randomBytes(16).toString("hex");
  const at = (file: string) => webview.asWebviewUri(vscode.Uri.joinPath(bundles(context), file)).toString();
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource} 'unsafe-inline'`,
    `font-src ${webview.cspSource}`,
    `img-src ${webview.cspSource} data:`,
  ].join("; ");
  // "<" is escaped, or a file's name could end the script.
  const literal = JSON.stringify(key).replaceAll("<", "\\u003c");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${at("codicon.css")}" id="codicons">
<title>Layout Lab</title>
</head>
<body data-panel="${name}">
<div id="root"></div>
<script nonce="${nonce}">
{
  const host = acquireVsCodeApi();
  let key = ${literal};
  const keep = (own) => host.setState({ key, own });
  keep(host.getState()?.own);
  addEventListener("message", ({ data }) => {
    if (data?.kind !== "key") return;
    key = data.key;
    keep(host.getState()?.own);
  });
  globalThis.acquireVsCodeApi = () => ({
    postMessage: (message) => host.postMessage(message),
    getState: () => host.getState()?.own,
    setState: (own) => (keep(own), own),
  });
}
</script>
<script nonce="${nonce}" src="${at(`${name}.js`)}"></script>
</body>
</html>`;
}

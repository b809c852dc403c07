/** A panel under the strict policy that our own panels keep, and a language model that answers what it is told. */
import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

export function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("probe.openPanel", openPanel),
    vscode.lm.registerLanguageModelChatProvider("probe", echo),
  );
}

function openPanel() {
  const panel = vscode.window.createWebviewPanel("probe.panel", "Probe Panel", vscode.ViewColumn.One, {
    enableScripts: true,
  });
  const nonce = randomBytes(16).toString("hex");
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${panel.webview.cspSource} 'unsafe-inline'`;
  panel.webview.html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>Probe</title>
</head>
<body>
<main>
<h1>Probe</h1>
<label>Name <input id="name"></label>
<button id="greet">Greet</button>
<p id="greeting" aria-live="polite"></p>
<p>Evaluation of text is <span id="policy"></span>.</p>
</main>
<script nonce="${nonce}">
const host = acquireVsCodeApi();
const greeting = document.getElementById("greeting");
document.getElementById("greet").addEventListener("click", () => host.postMessage(document.getElementById("name").value));
const policy = document.getElementById("policy");
try { policy.textContent = new Function("return 'allowed'")(); } catch (error) { policy.textContent = error.name; }
addEventListener("message", (event) => { greeting.textContent = event.data; });
</script>
</body>
</html>`;
  panel.webview.onDidReceiveMessage((name) => panel.webview.postMessage(`Hello, ${name}!`));
}

/** Answers with the last message, so that a test decides what the model says. */
const echo = {
  provideLanguageModelChatInformation: () => [
    {
      id: "echo",
      name: "Echo",
      family: "probe",
      version: "1",
      maxInputTokens: 8000,
      maxOutputTokens: 1000,
      capabilities: {},
    },
  ],
  async provideLanguageModelChatResponse(_model, messages, _options, progress) {
    for (const part of messages.at(-1).content) {
      if (part instanceof vscode.LanguageModelTextPart) progress.report(new vscode.LanguageModelTextPart(part.value));
    }
  },
  provideTokenCount: (_model, text) => Promise.resolve(typeof text === "string" ? text.length : text.content.length),
};

/** A panel under the strict policy that our own panels keep, and a language model that answers what it is told. */
import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

export function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("probe.openPanel", openPanel),
    vscode.commands.registerCommand("probe.asked", () => ({ ...asked })),
    vscode.commands.registerCommand("probe.holdModels", () => hold()),
    vscode.commands.registerCommand("probe.listModels", () => release()),
    vscode.lm.registerLanguageModelChatProvider("probe", probeModels),
    vscode.lm.registerLanguageModelChatProvider("closed", probeModels),
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

/** A model's description; the names say what it does. */
const model = (id) => ({
  id,
  name: id[0].toUpperCase() + id.slice(1),
  family: "probe",
  version: "1",
  maxInputTokens: 8000,
  maxOutputTokens: 1000,
  capabilities: {},
});

/** What was asked of the models so far, for tests to look at through `probe.asked`. */
const asked = { calls: 0, consents: 0, inFlight: 0, most: 0, cancelled: 0, last: [] };

/** `echo` answers with the last message, so that a test decides what the model says; the others answer or fail as they are called. */
/** While it is held, nobody is told which models there are. */
let listed = Promise.resolve();
let release = () => {};
const changed = new vscode.EventEmitter();

function hold() {
  listed = new Promise((resolve) => {
    release = resolve;
  });
  changed.fire();
}

const probeModels = {
  onDidChangeLanguageModelChatInformation: changed.event,
  async provideLanguageModelChatInformation() {
    await listed;
    return ["echo", "labels", "slow", "refusing", "blocked", "spent"].map(model);
  },
  async provideLanguageModelChatResponse({ id }, messages, _options, progress, token) {
    const text = messages
      .at(-1)
      .content.map((part) => part.value ?? "")
      .join("");
    // The editor's question to the person is answered with a request of its own.
    if (text === "Answer with the word yes.") asked.consents += 1;
    else asked.calls += 1;
    asked.last = messages.map(({ role, content }) => ({
      role,
      text: content.map((part) => part.value ?? "").join(""),
    }));
    asked.inFlight += 1;
    asked.most = Math.max(asked.most, asked.inFlight);
    try {
      switch (id) {
        case "refusing":
          throw vscode.LanguageModelError.NoPermissions("the person said no");
        case "blocked":
          throw vscode.LanguageModelError.Blocked("too many requests");
        case "spent":
          throw Object.assign(new Error("the allowance of this month is used up"), { name: "ChatQuotaExceeded" });
        case "slow":
          progress.report(new vscode.LanguageModelTextPart("charged_"));
          await new Promise((resolve) => {
            const timer = setTimeout(resolve, 60_000);
            token.onCancellationRequested(() => {
              asked.cancelled += 1;
              clearTimeout(timer);
              resolve();
            });
          });
          return;
        case "labels":
          await new Promise((resolve) => setTimeout(resolve, 10));
          progress.report(new vscode.LanguageModelTextPart("charged_"));
          progress.report(new vscode.LanguageModelTextPart("wrong"));
          return;
        default:
          progress.report(new vscode.LanguageModelTextPart(text));
      }
    } finally {
      asked.inFlight -= 1;
    }
  },
  provideTokenCount: (_model, text) => Promise.resolve(typeof text === "string" ? text.length : text.content.length),
};

/**
 * The panels in a plain browser: each with a made-up editor behind it, in any of VS Code's themes, under a policy as strict
 * as a webview's. `node scripts/panels/serve.ts` prints where; tests start it on a free port.
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import { runAsMain } from "../vscode/main.ts";
import { bodyClasses, type ThemeName, themes } from "./themes.ts";

export const panels = ["preview", "run", "results"] as const;
export type PanelName = (typeof panels)[number];

export interface PanelServer {
  /** The address of a panel; `scene` picks what the made-up editor has to show. */
  address(panel: PanelName, options?: { readonly theme?: ThemeName; readonly scene?: string }): string;
  close(): Promise<void>;
}

const root = join(import.meta.dirname, "../..");
const codicons = join(root, "node_modules/@vscode/codicons/dist");
const nonce = "panels";
const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'self'; font-src 'self'; img-src 'self' data:`;

export async function servePanels(port = 0): Promise<PanelServer> {
  const files = await bundles();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    answer(url, files).then(
      ([type, body]) => response.writeHead(200, { "content-type": type }).end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const { port: bound } = server.address() as AddressInfo;
  return {
    address: (panel, { theme = "dark", scene = "full" } = {}) =>
      `http://127.0.0.1:${bound}/${panel}?theme=${theme}&scene=${scene}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function bundles(): Promise<ReadonlyMap<string, string>> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: {
      host: "scripts/panels/host/main.ts",
      ...Object.fromEntries(panels.map((name) => [name, `src/webview/${name}/main.ts`])),
    },
    outdir: "/",
    bundle: true,
    write: false,
    platform: "browser",
    target: "chrome142",
    format: "iife",
    loader: { ".css": "text" },
    logLevel: "warning",
  });
  return new Map(outputFiles.map((file) => [`/${file.path.split("/").at(-1)}`, file.text]));
}

async function answer(
  url: URL,
  files: ReadonlyMap<string, string>,
): Promise<readonly [type: string, body: string | Buffer]> {
  const { pathname } = url;
  const script = files.get(pathname);
  if (script !== undefined) return ["text/javascript", script];
  if (pathname === "/theme.css") return ["text/css", themeSheet(url.searchParams.get("theme"))];
  if (pathname === "/codicon.css") return ["text/css", await readFile(join(codicons, "codicon.css"))];
  if (pathname === "/codicon.ttf") return ["font/ttf", await readFile(join(codicons, "codicon.ttf"))];
  const panel = panels.find((name) => pathname === `/${name}`);
  if (panel === undefined) throw new Error(`nothing at ${pathname}`);
  return ["text/html", page(panel, themeOf(url.searchParams.get("theme")))];
}

function page(panel: PanelName, theme: ThemeName): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${panel}</title>
<link rel="stylesheet" href="theme.css?theme=${theme}">
<link rel="stylesheet" href="codicon.css">
</head>
<body class="${bodyClasses[theme]}" data-panel="${panel}" data-vscode-theme-kind="${bodyClasses[theme].split(" ")[0]}">
<div id="root"></div>
<script nonce="${nonce}" src="host.js"></script>
<script nonce="${nonce}" src="${panel}.js"></script>
</body>
</html>`;
}

function themeOf(name: string | null): ThemeName {
  return name !== null && name in themes ? (name as ThemeName) : "dark";
}

/** The variables, and of VS Code's default styles what a panel can notice. */
function themeSheet(name: string | null): string {
  const variables = Object.entries(themes[themeOf(name)]).map(([key, value]) => `${key}: ${value};`);
  return `:root { color-scheme: ${/light/.test(themeOf(name)) ? "light" : "dark"}; ${variables.join(" ")} }
@layer vscode-default {
  html { scrollbar-color: var(--vscode-scrollbarSlider-background) var(--vscode-editor-background); background: var(--vscode-editor-background); }
  body { margin: 0; padding: 0 20px; color: var(--vscode-editor-foreground); font-family: var(--vscode-font-family); font-size: var(--vscode-font-size); }
}`;
}

if (process.argv[1] === import.meta.filename) {
  runAsMain(async (write) => {
    const server = await servePanels(Number(process.env["PORT"] ?? 0));
    for (const panel of panels) write(server.address(panel));
    write("?theme= light, dark, hc-light, hc-black; ?scene= as named in scripts/panels/host. Ctrl-C ends it.");
  });
}

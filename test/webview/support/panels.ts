import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { AxeResults, Result } from "axe-core";
import type { Browser, Page } from "playwright-core";
import { type PanelName, type PanelServer, servePanels } from "../../../scripts/panels/serve.ts";
import type { ThemeName } from "../../../scripts/panels/themes.ts";
import { launchChromium } from "../../../scripts/vscode/chromium.ts";

const pictures = join(import.meta.dirname, "../../../test-output/screenshots/panels");

/** The panels in a browser, with the made-up editor of `scripts/panels` behind them. */
export interface Panels {
  open(panel: PanelName, options?: OpenOptions): Promise<OpenPanel>;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly theme?: ThemeName;
  readonly scene?: string;
  readonly width?: number;
  readonly height?: number;
}

export interface OpenPanel {
  readonly page: Page;
  /** What went wrong in the page: exceptions, errors on the console, refusals of the content security policy. */
  readonly faults: string[];
  /** Requests that the panel made of the editor. */
  asked(name?: string): Promise<readonly { readonly name: string; readonly params: unknown }[]>;
  /** Runs a line on the made-up editor, which is `host` there. */
  host(line: string): Promise<void>;
  picture(name: string): Promise<void>;
  /** What axe-core calls serious or critical. */
  seriousFaults(): Promise<readonly string[]>;
}

export async function openPanels(): Promise<Panels> {
  const server: PanelServer = await servePanels();
  const browser: Browser = await launchChromium();
  await mkdir(pictures, { recursive: true });
  const axe = await readFile(join(dirname(createRequire(import.meta.url).resolve("axe-core")), "axe.min.js"), "utf8");
  return {
    async open(panel, options = {}) {
      const { width = 1200, height = 800 } = options;
      const page = await browser.newPage({ viewport: { width, height } });
      const faults: string[] = [];
      page.on("pageerror", (error) => faults.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error") faults.push(message.text());
      });
      await page.goto(server.address(panel, options));
      await page.waitForSelector("#root > * > :not(.loading)");
      return {
        page,
        faults,
        asked: async (name) => {
          const all = await page.evaluate<{ name: string; params: unknown }[]>("host.asked");
          return name === undefined ? all : all.filter((each) => each.name === name);
        },
        host: async (line) => {
          await page.evaluate(`host.${line}`);
        },
        picture: async (name) => {
          await page.screenshot({ path: join(pictures, `${name}.png`), animations: "disabled" });
        },
        async seriousFaults() {
          await page.evaluate(axe);
          const { violations } = await page.evaluate<AxeResults>("axe.run(document, { resultTypes: ['violations'] })");
          return violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(lineOf);
        },
      };
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

function lineOf({ id, nodes }: Result): string {
  return `${id}: ${nodes.map((node) => `${node.target.join(" ")} (${node.any[0]?.message ?? node.html})`).join("; ")}`;
}

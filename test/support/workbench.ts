/**
 * Drives the VS Code window from tests that run inside its extension host: webviews by their title, the workbench around
 * them, keys, screenshots. Each call crosses to the browser that shows the workbench and is done there by Playwright.
 */
import { request } from "node:http";
import { join } from "node:path";
import type { Result as Violation } from "axe-core";
import type { Locator } from "playwright-core";
import * as vscode from "vscode";
import { type ControlCall, controlVariable } from "../../scripts/vscode/controlCall.ts";

type Options<Method extends "click" | "waitFor"> = NonNullable<Parameters<Locator[Method]>[0]>;

/**
 * The document of a webview, or of the workbench. Selectors are Playwright's: CSS, `text=…`, `role=button[name="Run"]`.
 * Every call waits up to ten seconds for its element and fails with Playwright's account of the search.
 */
export interface Scene {
  click(selector: string, options?: Options<"click">): Promise<void>;
  hover(selector: string): Promise<void>;
  focus(selector: string): Promise<void>;
  /** Replaces the text of a field. */
  fill(selector: string, text: string): Promise<void>;
  select(selector: string, option: string): Promise<void>;
  /** Presses a key such as `Enter` or `Control+A` with this element focused. */
  press(selector: string, key: string): Promise<void>;
  waitFor(selector: string, options?: Options<"waitFor">): Promise<void>;
  /** The text as it is seen, of one element. */
  text(selector: string): Promise<string>;
  /** The texts of all elements that match now, without waiting for any. */
  texts(selector: string): Promise<string[]>;
  value(selector: string): Promise<string>;
  attribute(selector: string, name: string): Promise<string | null>;
  count(selector: string): Promise<number>;
  visible(selector: string): Promise<boolean>;
  /** Runs a function, which sees nothing around it, on one element in the page. */
  evaluate<Value, Argument>(
    selector: string,
    task: (element: HTMLElement, argument: Argument) => Value,
    argument?: Argument,
  ): Promise<Awaited<Value>>;
  /** Writes the element's picture and returns its path. */
  picture(name: string, selector?: string): Promise<string>;
  /** What axe-core finds wrong in the document or in a part of it. */
  axe(selector?: string): Promise<Violation[]>;
}

/** True where a browser shows the workbench; false in a desktop VS Code, which only runs what needs no window. */
export const drivable = process.env[controlVariable] !== undefined;

/** The document of the webview with this title. */
export function webview(title: string): Scene {
  return scene(title);
}

function scene(title: string | undefined): Scene {
  const on = <Value>(selector: string, method: keyof Locator, ...args: unknown[]) =>
    send<Value>({ on: "element", place: { webview: title, selector }, method, args });
  return {
    click: (selector, options) => on(selector, "click", options),
    hover: (selector) => on(selector, "hover"),
    focus: (selector) => on(selector, "focus"),
    fill: (selector, text) => on(selector, "fill", text),
    select: (selector, option) => on(selector, "selectOption", option),
    press: (selector, key) => on(selector, "press", key),
    waitFor: (selector, options) => on(selector, "waitFor", options),
    text: (selector) => on(selector, "innerText"),
    texts: (selector) => on(selector, "allInnerTexts"),
    value: (selector) => on(selector, "inputValue"),
    attribute: (selector, name) => on(selector, "getAttribute", name),
    count: (selector) => on(selector, "count"),
    visible: (selector) => on(selector, "isVisible"),
    evaluate: (selector, task, argument) =>
      send({ on: "evaluate", place: { webview: title, selector }, task: String(task), argument }),
    axe: (selector = "html") => send({ on: "axe", place: { webview: title, selector } }),
    async picture(name, selector = "body") {
      const path = picturePath(name);
      await on(selector, "screenshot", { path, animations: "disabled" });
      return path;
    },
  };
}

export const workbench = {
  ...scene(undefined),
  webview,
  /** Presses a key or a chord wherever the focus is. */
  press: (key: string) => send<void>({ on: "keyboard", method: "press", args: [key] }),
  type: (text: string) => send<void>({ on: "keyboard", method: "type", args: [text] }),
  viewport: (width: number, height: number) =>
    send<void>({ on: "page", method: "setViewportSize", args: [{ width, height }] }),
  /** Writes a picture of the whole window to `test-output/screenshots` and returns its path. */
  async screenshot(name: string): Promise<string> {
    const path = picturePath(name);
    await send({ on: "page", method: "screenshot", args: [{ path, animations: "disabled" }] });
    return path;
  },
  /** Prints on the terminal that started the tests. */
  print: (text: string) => send<void>({ on: "terminal", text }),
  theme,
};

export type ThemeName = "light" | "dark" | "hc-black" | "hc-light";

const themeTypes = { light: "vs", dark: "vs-dark", "hc-black": "hc-black", "hc-light": "hc-light" } as const;

/** Switches to VS Code's own theme of this kind and waits until it is in force. */
async function theme(name: ThemeName): Promise<void> {
  const themes = vscode.extensions.getExtension("vscode.theme-defaults")?.packageJSON.contributes.themes;
  const { id } = themes.find((candidate: { uiTheme: string }) => candidate.uiTheme === themeTypes[name]);
  const settings = vscode.workspace.getConfiguration("workbench");
  if (settings.get("colorTheme") === id) return;
  const changed = new Promise((resolve) => {
    const listener = vscode.window.onDidChangeActiveColorTheme((active) => {
      listener.dispose();
      resolve(active);
    });
  });
  await settings.update("colorTheme", id, vscode.ConfigurationTarget.Global);
  await changed;
}

function picturePath(name: string): string {
  return join(process.env["LAYOUTLAB_SCREENSHOTS"] ?? "", `${name}.png`);
}

function send<Value>(call: ControlCall): Promise<Value> {
  // Made here, so that its stack leads to the test.
  const failure = new Error();
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: process.env[controlVariable], method: "POST" }, (response) => {
      response.setEncoding("utf8");
      let body = "";
      response.on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("end", () => {
        const answer: { result?: Value; error?: string } = JSON.parse(body);
        if (answer.error === undefined) resolve(answer.result as Value);
        else
          reject(
            Object.assign(failure, { message: answer.error, stack: failure.stack?.replace("Error", answer.error) }),
          );
      });
    });
    outgoing.on("error", reject);
    outgoing.end(JSON.stringify(call));
  });
}

import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import { createRequire } from "node:module";
import { stripVTControlCharacters } from "node:util";
import { runInThisContext } from "node:vm";
import type { Locator, Page } from "playwright-core";
import { messageOf } from "../../src/base/errors.ts";
import type { ControlCall, Place } from "./controlCall.ts";

/** How long, in ms, a call waits for its webview and its element before it fails. */
const patience = 10_000;

/** Answers the calls of the tests with Playwright's methods. Resolves once the socket listens. */
export async function serveControl(socketPath: string, page: Page, terminal: NodeJS.WritableStream): Promise<void> {
  page.setDefaultTimeout(patience);
  const server = createServer(async (request, response) => {
    try {
      const result = await perform(JSON.parse(await bodyOf(request)) as ControlCall, page, terminal);
      // Bytes, such as those of a screenshot, are in the file that the call named.
      response.end(JSON.stringify({ result: Buffer.isBuffer(result) ? undefined : result }));
    } catch (error) {
      response.statusCode = 500;
      response.end(JSON.stringify({ error: stripVTControlCharacters(messageOf(error)) }));
    }
  });
  server.unref();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(socketPath, resolve));
}

async function perform(call: ControlCall, page: Page, terminal: NodeJS.WritableStream): Promise<unknown> {
  switch (call.on) {
    case "terminal":
      terminal.write(call.text);
      return undefined;
    case "evaluate":
      return await (await element(call.place, page)).evaluate(functionFrom(call.task), call.argument);
    case "axe":
      return await violations(await element(call.place, page));
    case "element":
      return await invoke(await element(call.place, page), call.method, call.args);
    case "page":
      return await invoke(page, call.method, call.args);
    default:
      return await invoke(page[call.on], call.method, call.args);
  }
}

function invoke(target: object, name: string, args: readonly unknown[]): unknown {
  const method: unknown = Reflect.get(target, name);
  if (typeof method !== "function") throw new Error(`Playwright has no ${target.constructor.name}.${name}`);
  return method.apply(target, args);
}

async function element(place: Place, page: Page): Promise<Locator> {
  if (place.webview === undefined) return page.locator(place.selector);
  const deadline = performance.now() + patience;
  for (;;) {
    for (const frame of page.mainFrame().childFrames()) {
      // A frame that closes while it is asked has no titles.
      const titles = await frame.evaluate(webviewTitles).catch((): string[] => []);
      if (titles.includes(place.webview)) return frame.frameLocator("#active-frame").locator(place.selector);
    }
    if (performance.now() > deadline) throw new Error(`No webview with the title ${place.webview} is to be seen`);
    await page.waitForTimeout(50);
  }
}

/**
 * VS Code shows a webview in a frame within a frame. The inner one carries the title of an editor panel; views in a side
 * bar give none, so they are known by the title of their own document.
 */
function webviewTitles(): string[] {
  const inner = document.querySelector<HTMLIFrameElement>("iframe#active-frame");
  return inner === null ? [] : [inner.title, inner.contentDocument?.title ?? ""];
}

/** Runs axe-core on a subtree. It enters through the debugger, which the page's content security policy does not bind. */
async function violations(root: Locator): Promise<unknown> {
  const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await root.evaluate(functionFrom(`() => { ${source} }`));
  return await root.evaluate(functionFrom("async (element) => (await axe.run(element)).violations"));
}

/** Playwright calls functions with the element; a string it would only evaluate. */
function functionFrom(source: string): (element: Element, argument: unknown) => unknown {
  return runInThisContext(`(${source})`);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

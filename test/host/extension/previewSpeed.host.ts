import assert from "node:assert/strict";
import { availableParallelism, loadavg } from "node:os";
import * as vscode from "vscode";
import { drivable, webview, workbench } from "../../support/workbench.ts";
import { closeAll, eventually, openExperiment, smallExperiment } from "./support.ts";

const keystrokes = 30;
const rounds = 3;
const limitMs = 100;
/** On a machine that is busy with something else the figure says little; then only a stall fails. */
const busyLimitMs = 600;

/** Paragraphs that no tokenizer has met as one; about 32,000 tokens in all. */
function longText(): string {
  const words = "rides bills locks refunds parking account damage station fee helmet battery route voucher claim".split(
    " ",
  );
  let seed = 7;
  const next = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return words[seed % words.length] ?? "";
  };
  const line = () => Array.from({ length: 16 }, next).join(" ");
  return Array.from({ length: 1_950 }, () => `    ${line()}.`).join("\n");
}

declare global {
  interface Window {
    layoutlabTimes: number[];
  }
}

describe("the preview of a prompt of 32,000 tokens", () => {
  before(function () {
    if (!drivable) this.skip();
  });
  after(closeAll);

  it("shows a keystroke within 100 ms, p95", async () => {
    const text = smallExperiment.replace(
      "  segment:",
      `  definitions: |\n${longText()}\n  role: You label messages MARK\n  segment:`,
    );
    const experiment = await openExperiment("long-prompt.layout.yaml", text);
    await vscode.commands.executeCommand("layoutlab.previewLayouts", experiment.uri);
    const preview = webview("Preview: long-prompt");
    await preview.waitFor("text=/You label messages MARK/ >> nth=0", { timeout: 20_000 });
    const shownTokens = (await preview.text("main")).match(/Tokens\s+≈?\s*([\d,.]+)/)?.[1] ?? "0";
    assert.ok(Number(shownTokens.replaceAll(/\D/g, "")) > 32_000, `${shownTokens} tokens`);

    const editor = await vscode.window.showTextDocument(experiment, vscode.ViewColumn.One);
    const end = experiment.positionAt(experiment.getText().indexOf("MARK") + 4);
    editor.selection = new vscode.Selection(end, end);
    editor.revealRange(editor.selection);

    // Both clocks count from the same moment: the key as the window gets it, the mark as the panel has painted it.
    await workbench.evaluate("body", () => {
      window.layoutlabTimes = [];
      addEventListener(
        "keydown",
        (event) => window.layoutlabTimes.push(performance.timeOrigin + event.timeStamp),
        true,
      );
    });
    await preview.evaluate("body", () => {
      window.layoutlabTimes = [];
      const look = () => {
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT, (node) =>
          node.nodeValue?.includes("MARK") ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_SKIP,
        );
        const typed = /MARK(1*)/.exec(walker.nextNode()?.nodeValue ?? "")?.[1]?.length ?? 0;
        if (typed === 0 || window.layoutlabTimes[typed] !== undefined) return;
        window.layoutlabTimes[typed] = 0;
        requestAnimationFrame(() => {
          window.layoutlabTimes[typed] = performance.timeOrigin + performance.now();
        });
      };
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    // The best of a few rounds is what the preview needs; the others tell what else the machine did.
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < rounds && best >= limitMs; round++) {
      const first = round * keystrokes;
      for (let i = first + 1; i <= first + keystrokes; i++) {
        await workbench.type("1");
        await eventually(async () => {
          assert.equal(await preview.evaluate("body", () => window.layoutlabTimes.length - 1), i);
        });
      }
      const pressed = await workbench.evaluate("body", () => window.layoutlabTimes);
      const shown = await preview.evaluate("body", () => window.layoutlabTimes);
      const delays = pressed.map((at, i) => (shown[i + 1] ?? Number.NaN) - at).slice(first);
      assert.equal(delays.length, keystrokes);
      delays.sort((a, b) => a - b);
      const at = (share: number) => delays[Math.ceil(share * delays.length) - 1] ?? Number.NaN;
      const figures = [0.5, 0.95, 1].map((share) => `${at(share).toFixed(0)} ms`);
      await workbench.print(`      keystroke to picture: p50 ${figures[0]}, p95 ${figures[1]}, max ${figures[2]}\n`);
      best = Math.min(best, at(0.95));
    }
    const busy = (loadavg()[0] ?? 0) > availableParallelism();
    assert.ok(best < (busy ? busyLimitMs : limitMs), `p95 ${best} ms${busy ? " on a busy machine" : ""}`);
  }).timeout(180_000);
});

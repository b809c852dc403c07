import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, it } from "vitest";
import { openProcessFolder } from "../support/process.ts";

const root = path.join(import.meta.dirname, "..", "..");

/** How long a call took, and how many tokens of answers came after the decision, is this machine's affair. */
function withoutTimes(text: string): string {
  return text.replaceAll(/\d,\d{3} +(< 1|\d+) ms/g, "_").replaceAll(/ +/g, " ");
}

it("README shows the leaderboard as the demo prints it", async () => {
  const readme = await readFile(path.join(root, "README.md"), "utf8");
  const [, shown] = /<!-- demo -->\n```text\n([\s\S]*?)```/.exec(readme) ?? [];
  const folder = await openProcessFolder();
  const { code, stdout } = await folder.run(["run", path.join(root, "examples/intents.layout.yaml"), "--quiet"]);
  await folder.close();
  expect(code).toBe(0);
  expect(withoutTimes(stdout)).toContain(withoutTimes(shown ?? "no demo in README.md"));
});

// The product needs Node 22.13 or newer (node:sqlite). A clone carries a newer Node among its packages; use that one when
// the machine's is too old, and say so in one sentence when there is none. Plain JavaScript that any Node can read.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major > 22 || (major === 22 && minor >= 13)) {
  import(new URL("./cli-main.js", import.meta.url).href);
} else {
  const program = process.platform === "win32" ? "node.exe" : "node";
  const own = fileURLToPath(new URL(`../node_modules/node/bin/${program}`, import.meta.url));
  if (existsSync(own)) {
    // The child gets the terminal's Ctrl-C too and decides; this process only waits for it.
    process.on("SIGINT", () => undefined);
    const done = spawnSync(own, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
    process.exitCode = done.status === null ? 1 : done.status;
  } else {
    process.stderr.write(`layoutlab needs Node 22.13 or newer, this is ${process.version}: install a newer Node\n`);
    process.exitCode = 2;
  }
}

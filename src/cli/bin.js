// The product needs Node 22.13 or newer (node:sqlite). A clone carries a newer Node among its packages; use that one when
// the machine's is too old, and say so in one sentence when there is none. Plain JavaScript that any Node can read.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major > 22 || (major === 22 && minor >= 13)) {
  // Compiled code is kept between starts, which halves the time to the first call.
  module.enableCompileCache();
  if (process.channel) {
    // Started as below: a launcher that is killed must not leave a run behind that goes on spending.
    process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
    process.channel.unref();
  }
  import(new URL("./cli-main.js", import.meta.url).href);
} else {
  const program = process.platform === "win32" ? "node.exe" : "node";
  const own = fileURLToPath(new URL(`../node_modules/node/bin/${program}`, import.meta.url));
  if (existsSync(own)) {
    const child = spawn(own, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
      stdio: ["inherit", "inherit", "inherit", "ipc"],
    });
    // The child gets the terminal's Ctrl-C too and decides; this process only waits for it. Others reach this one alone.
    process.on("SIGINT", () => undefined);
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    child.on("close", (code) => {
      process.exitCode = code === null ? 1 : code;
    });
  } else {
    process.stderr.write(`layoutlab needs Node 22.13 or newer, this is ${process.version}: install a newer Node\n`);
    process.exitCode = 2;
  }
}

// The product needs Node 22.13 or newer (node:sqlite). A clone carries a newer Node among its packages; use that one when
// the machine's is too old, and say so in one sentence when there is none. Plain JavaScript that any Node can read.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major > 22 || (major === 22 && minor >= 13)) {
  // Compiled code is kept between starts, which halves the time to the first call.
  module.enableCompileCache();
  if (process.channel) {
    // Started as below: a launcher that is killed must not leave a run behind that goes on spending.
    process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
    // What the launcher was sent. A terminal sends its Ctrl-C to both: whoever listens counts one of the two.
    process.on("message", ({ signal }) => {
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
      else process.emit("passedOn", signal);
    });
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
    // The child decides what an interrupt means; this process only passes it on and waits.
    for (const signal of ["SIGINT", "SIGTERM"])
      process.on(signal, () => {
        if (child.connected) child.send({ signal }, () => undefined);
      });
    child.on("close", (code, signal) => {
      process.exitCode = code === null ? 128 + constants.signals[signal] : code;
    });
  } else {
    process.stderr.write(`layoutlab needs Node 22.13 or newer, this is ${process.version}: install a newer Node\n`);
    process.exitCode = 2;
  }
}

/** What `bin.js` starts once the Node is new enough: this process as the world, one command, its exit code. */
import { openContext } from "./deps.ts";
import { runCli } from "./runCli.ts";

// A reader that went away (`| head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});
process.exitCode = await runCli(process.argv.slice(2), openContext(process));

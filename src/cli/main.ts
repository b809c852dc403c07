/** What `bin.js` starts once the Node is new enough: this process as the world, one command, its exit code. */
import { openContext } from "./deps.ts";
import { runCli } from "./runCli.ts";

process.exitCode = await runCli(process.argv.slice(2), openContext(process));

import { Command, CommanderError } from "commander";
import { isAbort, messageOf, UserError } from "../base/errors.ts";
import { registerCommands } from "./commands/index.ts";
import type { CliContext } from "./context.ts";
import { openContext } from "./deps.ts";
import { exitCodes } from "./exitCodes.ts";

/** Parses the arguments, runs one command and gives its exit code; never throws. */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  let code: number = exitCodes.done;
  const program = new Command("layoutlab")
    .description("Find out, with evidence, how the parts of your prompt should be laid out.")
    .version(context.version, "-V, --version")
    .showHelpAfterError("(layoutlab --help lists the commands)")
    .configureOutput({ writeOut: context.print, writeErr: (text) => context.stderr.write(text) })
    .exitOverride();
  registerCommands(program, context, (result) => {
    code = result;
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.input;
    if (error instanceof UserError) {
      context.say(error.line);
      return codeOf(error);
    }
    if (isAbort(error)) return exitCodes.interrupted;
    context.say(error instanceof Error && error.stack ? error.stack : messageOf(error));
    return exitCodes.failed;
  }
}

/** A store that broke is the tool's failure; everything else a person can fix is input. */
function codeOf(error: UserError): number {
  return error.code.startsWith("store.") ? exitCodes.failed : exitCodes.input;
}

if (process.argv[1] !== undefined) {
  const context = openContext(process);
  process.exitCode = await runCli(process.argv.slice(2), context);
}

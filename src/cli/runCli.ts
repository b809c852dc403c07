import { Command, CommanderError } from "commander";
import { isAbort, messageOf, UserError } from "../base/errors.ts";
import { registerCommands } from "./commands/index.ts";
import type { CliContext } from "./context.ts";
import { exitCodes } from "./exitCodes.ts";

/** Parses the arguments, runs one command and gives its exit code; never throws. */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  let code: number = exitCodes.done;
  const program = new Command("layoutlab")
    .description("Find out, with evidence, how the parts of your prompt should be laid out.")
    .version(context.version, "-V, --version")
    .configureOutput({
      writeOut: context.print,
      writeErr: (text) =>
        context.say(text.startsWith("Usage:") ? text.trimEnd() : usageLine(text, commandOf(program, args))),
      getOutHelpWidth: () => context.stdout.columns ?? 100,
    })
    .exitOverride();
  registerCommands(program, context, (result) => {
    code = result;
  });
  try {
    if (args.length === 0) {
      program.outputHelp();
      return exitCodes.done;
    }
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.input;
    if (error instanceof UserError) {
      context.say(context.named(error.line));
      return codeOf(error);
    }
    if (isAbort(error)) return exitCodes.interrupted;
    context.say(error instanceof Error && error.stack ? error.stack : messageOf(error));
    return exitCodes.failed;
  }
}

/** A store that broke is the tool's failure; everything else a person can fix is input, a wrong `--store` too. */
function codeOf(error: UserError): number {
  if (error.code === "interrupted") return exitCodes.interrupted;
  return error.code.startsWith("store.") && !wrongStore.has(error.code) ? exitCodes.failed : exitCodes.input;
}

const wrongStore = new Set(["store.foreign", "store.newer", "store.noPostgres", "store.cannotOpen", "store.readOnly"]);

/** Commander's complaint as one line that says what to do: `unknown option '--jsn' (did you mean --json?)`. */
function usageLine(text: string, command: string): string {
  const [what = "", hint] = text
    .replace(/^error: /, "")
    .trimEnd()
    .split("\n");
  return `${what.replace(/\.$/, "")}: ${hint?.replace(/^\(|\)$/g, "").toLowerCase() ?? `${command} --help lists what there is`}`;
}

/** The command that the arguments name, as it is typed: `layoutlab batch run`. */
function commandOf(program: Command, args: readonly string[]): string {
  let command = program;
  const names = [program.name()];
  for (const arg of args) {
    const next = command.commands.find((one) => one.name() === arg);
    if (next === undefined) break;
    names.push(arg);
    command = next;
  }
  return names.join(" ");
}

import { Command, CommanderError } from "commander";
import { didYouMean } from "../base/didYouMean.ts";
import { isAbort, messageOf, UserError } from "../base/errors.ts";
import { registerCommands } from "./commands/index.ts";
import type { CliContext } from "./context.ts";
import { exitCodes } from "./exitCodes.ts";
import { errorDocument, type Problem, Problems, userProblem } from "./problems.ts";

/** Parses the arguments, runs one command and gives its exit code; never throws. With `--json` a failure is one document too. */
export async function runCli(args: readonly string[], world: CliContext): Promise<number> {
  let code: number = exitCodes.done;
  let printed = false;
  const context: CliContext = {
    ...world,
    print: (text) => {
      printed = true;
      world.print(text);
    },
  };
  const usage: Problem[] = [];
  const program = new Command("layoutlab")
    .description("Find out, with evidence, how the parts of your prompt should be laid out.")
    .version(context.version, "-V, --version")
    .configureOutput({
      writeOut: context.print,
      writeErr: (text) => {
        if (text.startsWith("Usage:")) return context.say(text.trimEnd());
        usage.push(usageProblem(text, commandOf(program, args)));
      },
      getOutHelpWidth: () => context.stdout.columns ?? 100,
    })
    .exitOverride();
  registerCommands(program, context, (result) => {
    code = result;
  });
  const fail = (problems: readonly Problem[], exitCode: number): number => {
    for (const { line } of problems) context.say(context.named(line));
    // Whoever asked for a document gets one, unless it has one already.
    if (args.includes("--json") && !printed)
      context.print(`${JSON.stringify(errorDocument(problems, exitCode, context.named), null, 2)}\n`);
    return exitCode;
  };
  try {
    if (args.length === 0) {
      program.outputHelp();
      return exitCodes.done;
    }
    const unknown = unknownCommand(program, args);
    if (unknown !== undefined) return fail([unknown], exitCodes.input);
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : fail(usage, exitCodes.input);
    if (error instanceof Problems) return fail(error.problems, exitCodes.input);
    if (error instanceof UserError) return fail([userProblem(error)], codeOf(error));
    if (isAbort(error)) return exitCodes.interrupted;
    const line = error instanceof Error && error.stack ? error.stack : messageOf(error);
    return fail([{ code: "failed", message: messageOf(error), line }], exitCodes.failed);
  }
}

/** A word where a command should stand. Asked for help about it, the parser would show the help of all. */
function unknownCommand(program: Command, args: readonly string[]): Problem | undefined {
  let command = program;
  const names = [program.name()];
  for (const arg of args) {
    if (command.commands.length === 0 || arg.startsWith("-")) return undefined;
    const known = command.commands.map((one) => one.name());
    const next = command.commands.find((one) => one.name() === arg);
    if (next === undefined && arg === "help") continue;
    if (next === undefined) {
      const [near] = didYouMean(arg, known);
      const message = `unknown command '${arg}'`;
      const action = near === undefined ? `${names.join(" ")} --help lists what there is` : `did you mean ${near}?`;
      return { code: "usage", message, action, line: `${message}: ${action}` };
    }
    names.push(arg);
    command = next;
  }
  return undefined;
}

/** A store that broke is the tool's failure; everything else a person can fix is input, a wrong `--store` too. */
function codeOf(error: UserError): number {
  if (error.code === "interrupted") return exitCodes.interrupted;
  return error.code.startsWith("store.") && !wrongStore.has(error.code) ? exitCodes.failed : exitCodes.input;
}

const wrongStore = new Set(["store.foreign", "store.newer", "store.noPostgres", "store.cannotOpen", "store.readOnly"]);

/** Commander's complaint as one line that says what to do: `unknown option '--jsn': did you mean --json?`. */
function usageProblem(text: string, command: string): Problem {
  const [what = "", hint] = text
    .replace(/^error: /, "")
    .trimEnd()
    .split("\n");
  const message = what.replace(/\.$/, "");
  const action = hint?.replace(/^\(|\)$/g, "").toLowerCase() ?? `${command} --help lists what there is`;
  return { code: "usage", message, action, line: `${message}: ${action}` };
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

import { readFile } from "node:fs/promises";
import path from "node:path";
import { Command } from "commander";
import { expect, it } from "vitest";
import { registerCommands } from "../../src/cli/commands/index.ts";
import { openContext } from "../../src/cli/deps.ts";

it("docs/command-line.md names every command and every flag", async () => {
  const text = await readFile(path.join(import.meta.dirname, "../../docs/command-line.md"), "utf8");
  const program = new Command();
  registerCommands(program, openContext(process), () => {});
  const missing: string[] = [];
  const look = (command: Command, above: string): void => {
    const name = `${above}${command.name()}`;
    if (!new RegExp(`\\b${command.name()}\\b`).test(text)) missing.push(name);
    for (const { long, short } of command.options) {
      // What a simulator can be dialled to is the business of its own help.
      if (name === "simulate" || (long !== null && long !== undefined && text.includes(long))) continue;
      if (short === undefined || !text.includes(short)) missing.push(`${name} ${long ?? short}`);
    }
    for (const one of command.commands) look(one, `${name} `);
  };
  for (const command of program.commands) look(command, "");
  expect(missing).toEqual([]);
});

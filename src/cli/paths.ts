import { existsSync } from "node:fs";
import path from "node:path";
import { UserError } from "../base/errors.ts";
import type { CliContext } from "./context.ts";

/** A file that must be there, as an absolute path. */
export function inputFile(context: CliContext, typed: string): string {
  const file = path.resolve(context.cwd, typed);
  if (!existsSync(file)) throw new UserError("no-file", `${typed} does not exist`, "check the path");
  return file;
}

/** A file that can be written, as far as its folder tells. */
export function outputFile(context: CliContext, typed: string): string {
  const file = path.resolve(context.cwd, typed);
  if (!existsSync(path.dirname(file)))
    throw new UserError("no-folder", `the folder of ${typed} does not exist`, "make it, or name another place");
  return file;
}

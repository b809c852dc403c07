import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { didYouMean } from "../base/didYouMean.ts";
import { UserError } from "../base/errors.ts";
import type { Engine } from "../engine/engine.ts";
import { type Diagnostic, formatDiagnostic } from "../engine/spec/diagnostic.ts";
import { type CliContext, type CommonFlags, withEngine } from "./context.ts";
import { diagnosticProblem, Problems } from "./problems.ts";

/** An experiment file that a command was given. */
export interface SpecFile {
  /** Absolute. */
  readonly file: string;
  /** As the user typed it. */
  readonly typed: string;
}

/** Finds the file. @throws UserError when it is not there, naming what may have been meant. */
export function specFile(context: CliContext, typed: string): SpecFile {
  const file = path.resolve(context.cwd, typed);
  const facts = statSync(file, { throwIfNoEntry: false });
  if (facts === undefined) {
    const [near] = didYouMean(path.basename(file), experimentsIn(path.dirname(file)));
    throw new UserError(
      "no-file",
      `${typed} does not exist`,
      near === undefined
        ? "check the path, or make an experiment with `layoutlab init`"
        : `did you mean ${path.join(path.dirname(typed), near)}?`,
    );
  }
  if (facts.isDirectory()) {
    const [first] = experimentsIn(file);
    throw new UserError(
      "no-file",
      `${typed} is a folder`,
      first === undefined ? "name an experiment file" : `name a file in it, such as ${path.join(typed, first)}`,
    );
  }
  return { file, typed };
}

/**
 * Checks the experiment and all it refers to, printing warnings. Nothing is started or written before it.
 *
 * @throws Problems when there are errors.
 */
export async function check(engine: Engine, context: CliContext, flags: CommonFlags, spec: SpecFile): Promise<void> {
  const { diagnostics } = await engine.check({ file: spec.file });
  const errors = diagnostics.filter((each) => each.severity === "error");
  for (const each of diagnostics) {
    if (each.severity === "warning" && !flags.quiet && errors.length === 0)
      context.say(`warning: ${formatDiagnostic(asTyped(context, spec, each))}`);
  }
  if (errors.length > 0) throw new Problems(errors.map((each) => diagnosticProblem(asTyped(context, spec, each))));
}

/** As `check`, before there is a store: a file with mistakes leaves no trace. */
export function checkAlone(context: CliContext, flags: CommonFlags, spec: SpecFile): Promise<void> {
  return withEngine(context, { ...flags, store: ":memory:" }, (engine) => check(engine, context, flags, spec));
}

/** The diagnostic with its file named from where the user stands; absolute when the experiment was named so. */
export function asTyped(context: CliContext, spec: SpecFile, each: Diagnostic): Diagnostic {
  if (path.resolve(each.file) === spec.file) return { ...each, file: spec.typed };
  return path.isAbsolute(spec.typed) ? each : { ...each, file: path.relative(context.cwd, each.file) };
}

function experimentsIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /\.layout\.(ya?ml|json)$/.test(name));
  } catch {
    return [];
  }
}

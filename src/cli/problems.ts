import type { UserError } from "../base/errors.ts";
import { type Diagnostic, formatDiagnostic } from "../engine/spec/diagnostic.ts";

/** What is wrong, as `--json` says it; `line` is the same for people. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  /** What to do; absent where the message says it. */
  readonly action?: string;
  /** `file:line:column`. */
  readonly where?: string;
  readonly line: string;
}

/** Everything that is wrong with what the user wrote, where it is more than a `UserError` can say. */
export class Problems extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ line }) => line).join("\n"));
    this.name = "Problems";
    this.problems = problems;
  }
}

export function diagnosticProblem(each: Diagnostic): Problem {
  const { file, range, code, message, action } = each;
  const where = `${file}:${range.start.line}:${range.start.column}`;
  return { code, message, action, where, line: formatDiagnostic(each) };
}

export function userProblem({ code, message, action, where, line }: UserError): Problem {
  return { code, message, action, line, ...(where === undefined ? {} : { where }) };
}

/** The document of a command that came to nothing. The first problem stands apart, as there mostly is one. */
export function errorDocument(problems: readonly Problem[], exitCode: number, named: (text: string) => string) {
  const errors = problems.map(({ line: _line, ...told }) =>
    Object.fromEntries(Object.entries(told).map(([name, text]) => [name, named(text)])),
  );
  return { schema: "layoutlab/error@1", exitCode, error: errors[0], errors };
}

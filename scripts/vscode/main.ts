import { UserError } from "../../src/base/errors.ts";

/** Runs a script's body: trouble the person can fix becomes one line and exit 2, anything else stays loud. */
export function runAsMain(body: (write: (line: string) => void) => Promise<void>): void {
  body((line) => process.stdout.write(`${line}\n`)).catch((error: unknown) => {
    process.stderr.write(`${error instanceof UserError ? error.line : error instanceof Error ? error.stack : error}\n`);
    process.exitCode = error instanceof UserError ? 2 : 1;
  });
}

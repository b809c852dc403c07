/**
 * Trouble a person can fix. Shown as one line, without a stack: `message` says what is wrong, `action` what to do.
 * Bugs stay plain `Error`s; what a model or network did is an `Outcome`, not an error.
 */
export class UserError extends Error {
  readonly code: string;
  readonly action: string;
  /** Where the problem stands, as `file:line:col`, when it stands somewhere. */
  readonly where: string | undefined;

  constructor(code: string, message: string, action: string, where?: string) {
    super(message);
    this.name = "UserError";
    this.code = code;
    this.action = action;
    this.where = where;
  }

  /** The one line a terminal or notification shows. */
  get line(): string {
    const place = this.where === undefined ? "" : `${this.where}: `;
    return `${place}${this.message}: ${this.action}`;
  }
}

/** True for an error that only unwinds the stack after a cancellation; nobody needs to see it. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError");
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

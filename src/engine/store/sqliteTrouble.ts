import { UserError } from "../../base/errors.ts";

/** Primary result codes of SQLite (sqlite.org/rescode.html). */
const code = { busy: 5, readOnly: 8, io: 10, corrupt: 11, full: 13, cannotOpen: 14, protocol: 15, notDatabase: 26 };

/** The primary result code, or undefined when `error` did not come from SQLite. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  return error.errcode & 0xff;
}

export function isBusy(error: unknown): boolean {
  return resultCode(error) === code.busy;
}

/** True when the file itself is damaged or is no database. */
export function isCorrupt(error: unknown): boolean {
  const found = resultCode(error);
  return found === code.corrupt || found === code.notDatabase;
}

/** Turns SQLite's trouble with the outside world into something a person can act on; anything else is returned as it is. */
export function toUserError(error: unknown, location: string): unknown {
  switch (resultCode(error)) {
    case code.busy:
      return new UserError(
        "store.locked",
        `the store ${location} is locked by another program`,
        "close the program that has it open, or wait until it is done, and try again",
      );
    case code.readOnly:
      return new UserError(
        "store.readOnly",
        `the store ${location} cannot be written`,
        "give yourself write access to the file and its folder, or name another file with --store",
      );
    case code.full:
      return new UserError(
        "store.diskFull",
        `no space left for the store ${location}`,
        "free some disk space and resume; what was finished is kept",
      );
    case code.cannotOpen:
      return new UserError(
        "store.cannotOpen",
        `the store ${location} cannot be opened`,
        "check that its folder exists and can be written, or name another file with --store",
      );
    case code.io:
    case code.protocol:
      return new UserError(
        "store.disk",
        `the disk refused to read or write the store ${location}`,
        "check the disk, or put the store on a local one with --store",
      );
    default:
      return error;
  }
}

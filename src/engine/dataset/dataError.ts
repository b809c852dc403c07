import { UserError } from "../../base/errors.ts";

/** Trouble that ends the reading of a data file. */
export class DataError extends Error {
  readonly code: string;
  readonly action: string;
  /** 1-based line of the file. */
  readonly line: number;

  constructor(code: string, message: string, action: string, line: number) {
    super(message);
    this.name = "DataError";
    this.code = code;
    this.action = action;
    this.line = line;
  }
}

/** The same for a person, with the place in the file they named. */
export function dataTrouble({ code, message, action, line }: DataError, file: string): UserError {
  return new UserError(code, message, action, `${file}:${line}:1`);
}

/** Trouble with one record; the reading goes on behind it. */
export interface RecordTrouble {
  readonly code: "ragged-row" | "malformed-row";
  readonly message: string;
  readonly action: string;
  readonly row: number;
  readonly line: number;
}

export type OnTrouble = (trouble: RecordTrouble) => void;

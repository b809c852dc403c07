import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { messageOf, UserError } from "../errors.ts";
import { linesOf } from "./lines.ts";

/**
 * Writes beside the place and moves there when it is whole, so that a reader never sees half of a file and a failure leaves
 * what was there. @throws UserError when the disk refuses; what `chunks` throws goes on as it is.
 */
export async function writeWhole(file: string, chunks: AsyncIterable<string>): Promise<void> {
  const partial = `${file}.${process.pid}.part`;
  try {
    await pipeline(Readable.from(chunks), createWriteStream(partial));
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw writeTrouble(error, file);
  }
}

/** The lines of a text file. @throws UserError when it cannot be read. */
export async function* readLines(file: string): AsyncIterable<string> {
  try {
    for await (const { text } of linesOf(file)) yield text;
  } catch (error) {
    throw readTrouble(error, file);
  }
}

/** What a person is told of a file that the disk does not give; any other error is returned as it is. */
export function readTrouble(error: unknown, file: string): unknown {
  if (!isOfTheDisk(error)) return error;
  return new UserError("cannot-read", `${file} cannot be read (${reasonOf(error)})`, "check the path");
}

/** What a person is told of a file that the disk does not take; any other error is returned as it is. */
export function writeTrouble(error: unknown, file: string): unknown {
  if (!isOfTheDisk(error)) return error;
  return new UserError("cannot-write", `${file} cannot be written (${reasonOf(error)})`, "name another place");
}

function isOfTheDisk(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error && "code" in error;
}

function reasonOf(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "ENOENT":
      return "there is no such file or folder";
    case "EACCES":
    case "EPERM":
      return "permission is denied";
    case "EISDIR":
      return "it is a folder";
    case "ENOSPC":
      return "no space is left";
    default:
      return messageOf(error);
  }
}

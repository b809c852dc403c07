import { UserError } from "../base/errors.ts";
import { parseDuration, parseSize } from "../engine/spec/units.ts";

/** Reads the value of a flag; the error names the flag as it was written. */
type Parse<T> = (text: string) => T;

/** A whole number from `least` up. */
export function whole(flag: string, least = 1): Parse<number> {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isInteger(value) || value < least)
      throw badFlag(flag, text, `give a whole number from ${least} up`);
    return value;
  };
}

/** A port to listen on; 0 is any free one. */
export function port(flag: string): Parse<number> {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isInteger(value) || value < 0 || value > 65_535)
      throw badFlag(flag, text, "give a whole number from 0 to 65535");
    return value;
  };
}

/** An amount above 0, such as of money. */
export function amount(flag: string): Parse<number> {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || value <= 0) throw badFlag(flag, text, "give a number above 0");
    return value;
  };
}

/** A share from 0 to 1; `open` leaves both ends out. */
export function share(flag: string, options: { readonly open?: boolean } = {}): Parse<number> {
  return (text) => {
    const value = Number(text);
    const inside = options.open ? value > 0 && value < 1 : value >= 0 && value <= 1;
    if (text.trim() === "" || !inside)
      throw badFlag(flag, text, options.open ? "give a number between 0 and 1" : "give a number from 0 to 1");
    return value;
  };
}

/** Milliseconds of `500ms`, `60s` or `2h`. */
export function duration(flag: string): Parse<number> {
  return (text) => {
    const ms = parseDuration(text);
    if (ms === undefined) throw badFlag(flag, text, "write a time such as 50ms or 2s");
    return ms;
  };
}

/** Bytes of `200MB` or `1GB`. */
export function size(flag: string): Parse<number> {
  return (text) => {
    const bytes = parseSize(text);
    if (bytes === undefined) throw badFlag(flag, text, "write a size such as 200MB or 1GB");
    return bytes;
  };
}

/** One of the given words. */
export function word<T extends string>(flag: string, words: readonly T[]): Parse<T> {
  return (text) => {
    const found = words.find((one) => one === text);
    if (found === undefined) throw badFlag(flag, text, `use ${listed(words)}`);
    return found;
  };
}

/** Items between commas; at least one. */
export function names(flag: string): Parse<readonly string[]> {
  return (text) => {
    const items = text
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "");
    if (items.length === 0) throw badFlag(flag, text, "give one name, or several with commas between");
    return items;
  };
}

/** Gathers the values of a flag that may be given several times. */
export function collect<T>(parse: Parse<T>): (text: string, earlier?: readonly T[]) => readonly T[] {
  return (text, earlier = []) => [...earlier, parse(text)];
}

export function badFlag(flag: string, text: string, action: string): UserError {
  return new UserError("bad-flag", `${flag} is "${text}"`, action);
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

import type { Scalar } from "../spec/experiment.ts";

/** One record of a data file before anybody asked what its columns mean. */
export interface DataRecord {
  /** 1-based number of the record, the header not counted. */
  readonly row: number;
  /** 1-based line where it starts. */
  readonly line: number;
  readonly fields: Readonly<Record<string, Scalar | null>>;
}

/**
 * Fields of a JSON object. What is nested becomes JSON text under its own name, and each leaf of a nested map stands under
 * its dotted path too, so that `{{choices.A}}` works.
 */
export function flattened(object: Readonly<Record<string, unknown>>): Record<string, Scalar | null> {
  const fields: Record<string, Scalar | null> = {};
  const put = (name: string, value: unknown): void => {
    if (value === undefined) return;
    if (value === null || typeof value !== "object") {
      define(fields, name, value as Scalar | null);
      return;
    }
    define(fields, name, JSON.stringify(value));
    if (Array.isArray(value)) return;
    for (const [key, inner] of Object.entries(value)) put(`${name}.${key}`, inner);
  };
  for (const [key, value] of Object.entries(object)) put(key, value);
  return fields;
}

/** Assignment that treats `__proto__` as the name it is. */
function define(fields: Record<string, Scalar | null>, name: string, value: Scalar | null): void {
  if (name === "__proto__")
    Object.defineProperty(fields, name, { value, enumerable: true, configurable: true, writable: true });
  else fields[name] = value;
}

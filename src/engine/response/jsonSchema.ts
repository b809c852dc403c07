import { Ajv, type ErrorObject, type Options, type ValidateFunction } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import { messageOf, UserError } from "../../base/errors.ts";

/** One thing that keeps a value from meeting its schema. */
export interface FieldError {
  /** Where, as `items[0].name`; `(root)` for the value itself. */
  readonly path: string;
  readonly message: string;
}

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Schemas are objects that live as long as their experiment, and are compiled once. */
const compiled = new WeakMap<JsonSchema, ValidateFunction>();

/** What keeps `value` from meeting `schema` (draft-07, 2019-09 or 2020-12 by its `$schema`); empty when nothing does. */
export function schemaErrors(schema: JsonSchema, value: unknown): readonly FieldError[] {
  let validate = compiled.get(schema);
  if (validate === undefined) {
    validate = compile(schema);
    compiled.set(schema, validate);
  }
  if (validate(value)) return [];
  return (validate.errors ?? []).filter((error) => error.keyword !== "if").map(toFieldError);
}

/** Why a schema cannot be used; undefined when it can. */
export function schemaTrouble(schema: JsonSchema): string | undefined {
  try {
    schemaErrors(schema, null);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function compile(schema: JsonSchema): ValidateFunction {
  // Formats are notes to the reader here; a schema written for another tool may hold keywords of its own.
  const options: Options = { allErrors: true, strict: false, validateFormats: false, logger: false };
  const draft = String(schema["$schema"] ?? "");
  const ajv = draft.includes("2020-12")
    ? new Ajv2020(options)
    : draft.includes("2019-09")
      ? new Ajv2019(options)
      : new Ajv(options);
  try {
    return ajv.compile(schema);
  } catch (error) {
    throw new UserError("bad-schema", `the JSON Schema cannot be used (${messageOf(error)})`, "correct output.schema");
  }
}

function toFieldError(error: ErrorObject): FieldError {
  const { params } = error;
  const path = readablePath(error.instancePath);
  switch (error.keyword) {
    case "enum":
      return {
        path,
        message: `must be one of ${(params["allowedValues"] as readonly unknown[]).map((v) => JSON.stringify(v)).join(", ")}`,
      };
    case "const":
      return { path, message: `must be ${JSON.stringify(params["allowedValue"])}` };
    case "additionalProperties":
    case "unevaluatedProperties":
      return {
        path,
        message: `must not have the property "${String(params["additionalProperty"] ?? params["unevaluatedProperty"])}"`,
      };
    case "required":
      return { path, message: `must have the property "${String(params["missingProperty"])}"` };
    default:
      return { path, message: error.message ?? error.keyword };
  }
}

/** `/items/0/first name` as `items[0]["first name"]`. */
function readablePath(pointer: string): string {
  let path = "";
  for (const escaped of pointer.split("/").slice(1)) {
    const step = escaped.replaceAll("~1", "/").replaceAll("~0", "~");
    if (/^\d+$/.test(step)) path += `[${step}]`;
    else if (/^[A-Za-z_$][\w$]*$/.test(step)) path += path === "" ? step : `.${step}`;
    else path += `[${JSON.stringify(step)}]`;
  }
  return path || "(root)";
}

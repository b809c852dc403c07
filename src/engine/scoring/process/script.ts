import { pathToFileURL } from "node:url";
import { messageOf } from "../../../base/errors.ts";
import { fieldsOf } from "../../../base/untyped.ts";
import type { ScriptInput, ScriptResult } from "./task.ts";

/** Calls the script's default export; a promise is waited for. What it throws is the answer's trouble, not the process's. */
export async function runScript(file: string, input: ScriptInput): Promise<ScriptResult> {
  try {
    const module: unknown = await import(pathToFileURL(file).href);
    const score = fieldsOf(module)?.["default"];
    if (typeof score !== "function") return threw("it has no function as its default export");
    return resultOf(await score(input));
  } catch (error) {
    return threw(messageOf(error));
  }
}

function resultOf(returned: unknown): ScriptResult {
  const fields = fieldsOf(returned);
  const score = fields === undefined ? returned : fields["score"];
  const note = fields?.["note"];
  const value = typeof score === "boolean" ? Number(score) : score;
  if (typeof value !== "number" || !(value >= 0 && value <= 1))
    return threw(`it returned ${shown(returned)}: return true, false, a number from 0 to 1, or { score, note }`);
  return { kind: "scored", value, note: typeof note === "string" ? note.slice(0, 500) : undefined };
}

function threw(detail: string): ScriptResult {
  return { kind: "threw", detail: detail.slice(0, 500) };
}

function shown(value: unknown): string {
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, 100);
  } catch {
    return String(value);
  }
}

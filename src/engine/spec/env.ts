import { UserError } from "../../base/errors.ts";

/** `${env:NAME}` anywhere in a value, or a value that is `env:NAME` as a whole. The name alone is kept and stored. */
const pattern = /\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}|^env:([A-Za-z_][A-Za-z0-9_]*)$/g;

/** The form as messages show it. */
export const envForm = "\x24{env:NAME}";

/** Names of the environment variables a value asks for. */
export function envNames(text: string): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? "");
}

/** True when the text holds something that was meant as `${env:NAME}` and is not. */
export function hasBrokenEnv(text: string): boolean {
  return /\$\{env[^}]*\}?/i.test(text.replaceAll(pattern, ""));
}

/** The value to use while running; never store what comes out. Throws a `UserError` for a variable that is not set. */
export function resolveEnv(text: string, env: (name: string) => string | undefined): string {
  return text.replaceAll(pattern, (_match, braced: string | undefined, whole: string | undefined) => {
    const name = braced ?? whole ?? "";
    const value = env(name);
    if (value === undefined) {
      throw new UserError("env-missing", `the environment variable ${name} is not set`, `set ${name} and run again`);
    }
    return value;
  });
}

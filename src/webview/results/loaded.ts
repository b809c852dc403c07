import type { TemplateResult } from "lit";
import { banner, lineOf, loading } from "../shared/notice.ts";

/** Something that comes from the store in its own time. */
export type Loaded<Value> =
  | { readonly kind: "loading" }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "ready"; readonly value: Value };

export const notYet: Loaded<never> = { kind: "loading" };

/** Calls back with the value or the failure, unless something newer was asked for meanwhile. */
export function latestLoad<Value>(take: (loaded: Loaded<Value>) => void): (request: Promise<Value>) => void {
  let latest = 0;
  return (request) => {
    const own = ++latest;
    request.then(
      (value) => {
        if (own === latest) take({ kind: "ready", value });
      },
      (error: unknown) => {
        if (own === latest) take({ kind: "failed", message: lineOf(error) });
      },
    );
  };
}

export function loadedView<Value>(
  loaded: Loaded<Value>,
  what: string,
  draw: (value: Value) => TemplateResult,
): TemplateResult {
  switch (loaded.kind) {
    case "loading":
      return loading(what);
    case "failed":
      return banner("error", loaded.message);
    case "ready":
      return draw(loaded.value);
  }
}

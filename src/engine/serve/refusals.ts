import { Rejection } from "../wire/dialect.ts";

/** Ends a request with an error as OpenAI's API words it. */
export function refuse(
  status: number,
  message: string,
  param: string | null = null,
  code: string | null = null,
): never {
  throw new Rejection({ status, message, param, code });
}

export function noFile(id: string): never {
  return refuse(404, `No such File object: ${id}`, "id");
}

export function noBatch(id: string): never {
  return refuse(404, `No batch found with id '${id}'.`);
}

/** A page of a list whose items stand in their order. */
export function page<T extends { readonly id: string }>(
  items: readonly T[],
  query: URLSearchParams,
  limits: { readonly usual: number; readonly most: number },
): { readonly items: readonly T[]; readonly more: boolean } {
  const given = query.get("limit");
  const limit = given === null ? limits.usual : Number(given);
  if (!Number.isInteger(limit) || limit < 1 || limit > limits.most)
    refuse(400, `Invalid 'limit': expected an integer from 1 to ${limits.most}.`, "limit", "invalid_value");
  const after = query.get("after");
  const from = after === null ? 0 : items.findIndex(({ id }) => id === after) + 1;
  if (after !== null && from === 0)
    refuse(400, `Invalid 'after': there is no object with id '${after}'.`, "after", "invalid_value");
  return { items: items.slice(from, from + limit), more: items.length > from + limit };
}

/** Shapes under which keys of common services are recognised in a text. */
const keyShapes = /\b(?:sk|pk|rk|gsk|xai|hf)[-_][A-Za-z0-9_*.-]{8,}|\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi;

/** A text that is safe to store and show: the given secrets, and whatever looks like a key, replaced. */
export function redact(text: string, ...secrets: readonly (string | undefined)[]): string {
  let safe = text;
  for (const secret of secrets) {
    if (secret !== undefined && secret.length >= 4) safe = safe.replaceAll(secret, "[key]");
  }
  return safe.replace(keyShapes, (_match, scheme: string | undefined) =>
    scheme === undefined ? "[key]" : `${scheme} [key]`,
  );
}

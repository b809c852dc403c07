import { createHash } from "node:crypto";

/** Content address of a text: the first 160 bits of its SHA-256, as 40 hex digits. */
export function contentHash(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex").slice(0, 40);
}

import { constants, deflateSync, inflateSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { UserError } from "../../base/errors.ts";

/** Characters from which a text is compressed. Below it a compressor's fixed cost (about 20 us) buys next to nothing. */
const threshold = 2048;

/** zstd came with Node 22.15. */
const hasZstd = typeof zstdCompressSync === "function";

/**
 * A text as it is stored: short ones as they are, long ones compressed when that saves room. Compressed bytes name their own
 * encoding: a zstd frame and a zlib stream begin differently.
 */
export function packed(text: string): string | Uint8Array {
  if (text.length < threshold) return text;
  const bytes = hasZstd
    ? zstdCompressSync(text, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })
    : deflateSync(text, { level: 3 });
  return bytes.length < text.length ? bytes : text;
}

export function packedText(bytes: Uint8Array): string {
  if (bytes[0] === 0x78) return inflateSync(bytes).toString("utf8");
  if (hasZstd) return zstdDecompressSync(bytes).toString("utf8");
  throw new UserError(
    "store.noZstd",
    `Node ${process.version} cannot read texts that a newer Node compressed`,
    "use Node 22.15 or newer for this store",
  );
}

/** Bytes a packed text takes on disk, counting a plain one as one byte a character. */
export function packedSize(value: string | Uint8Array): number {
  return value.length;
}

import zlib from "node:zlib";
import { UserError } from "../../base/errors.ts";

/** Characters from which a text is compressed. Below it a compressor's fixed cost (about 20 us) buys next to nothing. */
const threshold = 2048;

/** zstd came with Node 22.15; as a named import it would keep the module from loading before. */
const hasZstd = typeof zlib.zstdCompressSync === "function";

/**
 * A text as it is stored: short ones as they are, long ones compressed when that saves room. Compressed bytes name their own
 * encoding: a zstd frame and a zlib stream begin differently.
 */
export function packed(text: string): string | Uint8Array {
  // Older Nodes read a text back only up to a NUL.
  const cut = text.includes("\u0000");
  if (text.length < threshold && !cut) return text;
  const bytes = hasZstd
    ? zlib.zstdCompressSync(text, { params: { [zlib.constants.ZSTD_c_compressionLevel]: 1 } })
    : zlib.deflateSync(text, { level: 3 });
  return cut || bytes.length < text.length ? bytes : text;
}

export function packedText(bytes: Uint8Array): string {
  if (bytes[0] === 0x78) return zlib.inflateSync(bytes).toString("utf8");
  if (hasZstd) return zlib.zstdDecompressSync(bytes).toString("utf8");
  throw new UserError(
    "store.noZstd",
    `Node ${process.version} cannot read texts that a newer Node compressed`,
    "use Node 22.15 or newer for this store",
  );
}

import { describe, expect, it } from "vitest";
import { decodeText } from "../../../src/engine/dataset/decode.ts";
import { inPieces } from "./reading.ts";

async function decode(bytes: Uint8Array, size?: number): Promise<string> {
  let text = "";
  for await (const piece of decodeText(inPieces(bytes, size))) text += piece;
  return text;
}

describe("decoding", () => {
  it("joins characters that are cut between pieces", async () => {
    const bytes = new TextEncoder().encode("é😀\r\nü\r");
    for (const size of [1, 2, 3]) expect(await decode(bytes, size)).toBe("é😀\nü\n");
  });

  it.each([
    ["UTF-16 with a mark", new Uint8Array([0xff, 0xfe, 0x61, 0, 0x62, 0]), "the file is in UTF-16", 1],
    [
      "UTF-16 without one",
      new Uint8Array([..."text,label"].flatMap((c) => [c.charCodeAt(0), 0])),
      "the file is in UTF-16",
      1,
    ],
    ["Latin-1", new Uint8Array([0x61, 10, 0x62, 10, 0xe9, 0x20]), "the text is not UTF-8", 3],
    ["a cut last character", new Uint8Array([0x61, 10, 0xc3]), "the text is not UTF-8", 2],
    [
      "a picture",
      new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13]),
      "the file holds binary data",
      1,
    ],
  ])("refuses %s", async (_, bytes, message, line) => {
    await expect(decode(bytes)).rejects.toMatchObject({ message, line });
  });
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { LineLog } from "../../../src/base/node/lines.ts";
import { SliceWriter, usualLimits } from "../../../src/engine/batch/slices.ts";

it("tells of a disk that refuses when the slice ends, and lets go of its file", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "layoutlab-slices-"));
  const refuses = vi.spyOn(LineLog.prototype, "add").mockImplementation(() => Promise.reject(new Error("disk full")));
  const closed = vi.spyOn(LineLog.prototype, "close");
  onTestFinished(async () => {
    vi.restoreAllMocks();
    await rm(folder, { recursive: true, force: true });
  });
  const writer = new SliceWriter(folder, { ...usualLimits, tokens: undefined });
  await writer.add("small", "{}", 1);
  expect(refuses).toHaveBeenCalledTimes(1);
  // Long enough for a rejection that nobody waits for to end the process.
  await new Promise((resolve) => setTimeout(resolve, 20));
  await expect(writer.end()).rejects.toThrow("disk full");
  expect(closed).not.toHaveBeenCalled();
  await writer.close();
  expect(closed).toHaveBeenCalledTimes(1);
});

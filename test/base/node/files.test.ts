import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FileReader, MemoryFiles } from "../../../src/base/files.ts";
import { DiskFiles } from "../../../src/base/node/files.ts";

let root = "";

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "files-")));
  await mkdir(join(root, "experiments", "data"), { recursive: true });
  await mkdir(join(root, "shared"));
  await writeFile(join(root, "experiments", "data", "d.csv"), "a,b\n");
  await writeFile(join(root, "shared", "s.csv"), "c\n");
  await writeFile(join(root, "secret.csv"), "s\n");
  await symlink(join(root, "secret.csv"), join(root, "experiments", "link.csv"));
  await symlink(join(root, "shared"), join(root, "experiments", "linked"));
});

afterAll(() => rm(root, { recursive: true, force: true }));

async function textOf(files: FileReader, path: string): Promise<string> {
  const opened = await files.open(path);
  if (opened.kind !== "file") return opened.kind;
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of opened.read())
    text += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
  return text;
}

describe("files on the disk", () => {
  const files = (options: { readonly roots?: readonly string[]; readonly anywhere?: boolean } = {}) =>
    new DiskFiles({ folder: join(root, "experiments"), ...options });

  it("are read relative to the folder", async () => {
    expect(await textOf(files(), "data/d.csv")).toBe("a,b\n");
    expect(await textOf(files(), "./data/../data/d.csv")).toBe("a,b\n");
  });

  it("may lie in another root", async () => {
    expect(await textOf(files(), "../shared/s.csv")).toBe("outside");
    expect(await textOf(files({ roots: [join(root, "shared")] }), "../shared/s.csv")).toBe("c\n");
  });

  it.each(["../secret.csv", "link.csv", "linked/s.csv", "/etc/hostname"])("outside are refused: %s", async (path) => {
    expect((await files().open(path)).kind).toBe("outside");
  });

  it("outside are read for a caller who may read anything", async () => {
    expect(await textOf(files({ anywhere: true }), "../secret.csv")).toBe("s\n");
    expect(await textOf(files({ anywhere: true }), "link.csv")).toBe("s\n");
  });

  it("are missing, or folders", async () => {
    expect((await files().open("data/e.csv")).kind).toBe("missing");
    expect((await files().open("data/d.csv/x")).kind).toBe("missing");
    expect((await files().open("data")).kind).toBe("folder");
  });

  it("have a stamp that changes with them", async () => {
    const path = join(root, "experiments", "changing.csv");
    const stamp = async () => {
      const opened = await files().open("changing.csv");
      return opened.kind === "file" ? opened.stamp : opened.kind;
    };
    await writeFile(path, "1");
    const before = await stamp();
    expect(await stamp()).toBe(before);
    await writeFile(path, "12");
    expect(await stamp()).not.toBe(before);
  });

  it("name their neighbours, inside only", async () => {
    expect(await files().siblings("data/x.csv")).toEqual(["d.csv"]);
    expect(await files().siblings("nowhere/x.csv")).toEqual([]);
    expect(await files().siblings("../x.csv")).toEqual([]);
  });
});

describe("files in memory", () => {
  const files = new MemoryFiles({ "data/d.csv": "a,b\n", "i.md": "x" });

  it("answer as those on the disk do", async () => {
    expect(await textOf(files, "./data/d.csv")).toBe("a,b\n");
    expect((await files.open("data")).kind).toBe("folder");
    expect((await files.open("e.csv")).kind).toBe("missing");
    expect((await files.open("../i.md")).kind).toBe("outside");
    expect((await files.open("/i.md")).kind).toBe("outside");
    expect(await files.siblings("data/x")).toEqual(["d.csv"]);
    expect(await files.siblings("x")).toEqual(["data", "i.md"]);
  });
});

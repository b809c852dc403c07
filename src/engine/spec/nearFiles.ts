import type { FileReader } from "../../base/files.ts";
import type { Path } from "./source.ts";

const tables = ["csv", "tsv", "jsonl", "json"];
const texts = ["md", "txt"];

/** Endings of the files that the value at a path may name; undefined where it names none. */
export function endingsAt(path: Path): readonly string[] | undefined {
  const [section] = path;
  const last = path.at(-1);
  if (section === "dataset" && (path.length === 1 || (path.length === 2 && last === "path"))) return tables;
  if (section === "prompt" && path[1] === "examples" && last === "path") return tables;
  if ((section === "prompt" || section === "chain") && last === "file") return texts;
  if (section !== "scoring") return undefined;
  if (last === "database") return ["sqlite", "sqlite3", "db"];
  // A script's, and the text of a judge's rubric.
  if (last === "file") return path.at(-2) === "rubric" ? texts : ["mjs", "js", "cjs"];
  return undefined;
}

/** Most files that are looked through. */
const most = 500;

/** Files in an experiment's folder and the folders in it, as the experiment would name them. */
export async function nearFiles(files: FileReader): Promise<readonly string[]> {
  const found: string[] = [];
  const isShown = (name: string) => !name.startsWith(".") && name !== "node_modules";
  for (const name of (await files.siblings("x")).filter(isShown).toSorted()) {
    if (found.length >= most) break;
    if (name.includes(".")) found.push(name);
    else
      found.push(
        ...(await files.siblings(`${name}/x`))
          .filter(isShown)
          .map((each) => `${name}/${each}`)
          .toSorted(),
      );
  }
  return found.slice(0, most);
}

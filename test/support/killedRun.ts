/**
 * A run in a process of its own that ends as by `kill -9` in the middle of things: `node killedRun.ts FOLDER CALLS` runs
 * the matrix lab of that folder and kills itself at the given call.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { type Matrix, matrixScript, openMatrixEngine } from "./matrixLab.ts";

const [folder = "", calls = "0"] = process.argv.slice(2);
const { matrix, layouts } = JSON.parse(await readFile(path.join(folder, "matrix.json"), "utf8")) as {
  readonly matrix: Matrix;
  readonly layouts: readonly string[];
};
let asked = 0;
const script = matrixScript(matrix, layouts, "wrongLast", () => {
  asked += 1;
  if (asked >= Number(calls)) process.kill(process.pid, "SIGKILL");
});
const engine = await openMatrixEngine(path.join(folder, "store.db"), script);
const { run } = await engine.start({ file: path.join(folder, "matrix.layout.yaml"), options: { concurrency: 16 } });
await engine.finished(run);

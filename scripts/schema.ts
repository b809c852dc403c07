import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { experimentJsonSchema } from "../src/engine/spec/schema.ts";

/**
 * Writes the JSON Schema of experiment files, which editors and other tools read. `--check` only compares, and fails when the
 * file in the repository is not the one the code gives.
 */
const target = fileURLToPath(new URL("../schemas/experiment.schema.json", import.meta.url));
const text = `${JSON.stringify(experimentJsonSchema(), null, 2)}\n`;

if (process.argv.includes("--check")) {
  if (read() !== text) {
    process.stderr.write("schemas/experiment.schema.json is stale: run node scripts/schema.ts\n");
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, text);
}

function read(): string | undefined {
  try {
    return readFileSync(target, "utf8");
  } catch {
    return undefined;
  }
}

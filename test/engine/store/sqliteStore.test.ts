import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { openStore } from "../../../src/engine/store/openStore.ts";
import { storeContract } from "../../support/contracts/store.ts";

const folder = mkdtempSync(join(tmpdir(), "layoutlab-store-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let n = 0;
storeContract("a store in a file", (clock) => openStore(join(folder, `${n++}`, "store.db"), { clock }));
storeContract("a store in memory", (clock) => openStore(":memory:", { clock }));

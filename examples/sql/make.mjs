// Makes shop.sqlite beside this file.
import { readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DatabaseSync } from "node:sqlite";

const file = fileURLToPath(new URL("shop.sqlite", import.meta.url));
rmSync(file, { force: true });
const database = new DatabaseSync(file);
database.exec(readFileSync(new URL("shop.sql", import.meta.url), "utf8"));
database.close();

import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { experimentJsonSchema } from "../../../src/engine/spec/schema.ts";
import { readSource } from "../../../src/engine/spec/source.ts";
import { contractFile } from "./contractFile.ts";

interface Node {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly anyOf?: readonly Node[];
  readonly items?: Node;
}

const schema = experimentJsonSchema();
const validate = new Ajv({ strict: false }).compile(schema);

describe("the published JSON Schema", () => {
  it("is the one in the repository", () => {
    const path = new URL("../../../schemas/experiment.schema.json", import.meta.url);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(schema);
  });

  it("is draft-07 and takes a file with every key", () => {
    expect(schema["$schema"]).toBe("http://json-schema.org/draft-07/schema#");
    validate(readSource(contractFile, "f").value);
    expect(validate.errors ?? []).toEqual([]);
  });

  it.each([
    ["an unknown key", { surplus: 1 }],
    ["a wrong type", { layouts: "standard" }],
    ["a value off the list", { sampling: { mode: "adptive" } }],
    ["a duration without its unit", { limits: { timeout: "60" } }],
  ])("refuses %s", (_, changes) => {
    expect(validate({ name: "a", dataset: "d.csv", models: ["builtin:reader"] })).toBe(true);
    expect(validate({ name: "a", dataset: "d.csv", models: ["builtin:reader"], ...changes })).toBe(false);
  });

  it("describes every key", () => {
    const silent: string[] = [];
    const walk = (node: Node, path: string): void => {
      for (const [key, inner] of Object.entries(node.properties ?? {})) {
        if (inner.description === undefined) silent.push(`${path}.${key}`);
        walk(inner, `${path}.${key}`);
      }
      for (const inner of node.anyOf ?? []) walk(inner, path);
      if (node.items !== undefined) walk(node.items, `${path}[]`);
    };
    walk(schema, "");
    // These repeat what the key above them says.
    const inherited = /\.(window|select|format|style|kind|shuffle)$/;
    expect(silent.filter((path) => !inherited.test(path))).toEqual([]);
  });

  it("keeps defaults and examples as an author writes them", () => {
    const limits = (
      schema as {
        properties: Record<
          string,
          Node & {
            properties: Record<
              string,
              { default?: unknown; examples?: unknown; items?: { properties: Record<string, unknown> } }
            >;
          }
        >;
      }
    ).properties["limits"];
    expect(limits?.properties["maxDuration"]?.examples).toEqual(["2h"]);
    expect(limits?.properties["pools"]?.items?.properties["window"]).toMatchObject({ default: "60s" });
  });
});

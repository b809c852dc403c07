import { describe, expect, it } from "vitest";
import { schemaErrors, schemaTrouble } from "../../../src/engine/response/jsonSchema.ts";

const schema = {
  type: "object",
  properties: {
    label: { enum: ["a", "b"] },
    items: {
      type: "array",
      items: { type: "object", properties: { "first name": { type: "string" } }, required: ["id"] },
    },
  },
  required: ["label"],
  additionalProperties: false,
};

describe("schemaErrors", () => {
  it("is empty for a value that meets its schema", () => {
    expect(schemaErrors(schema, { label: "a" })).toEqual([]);
  });

  it("names every field and what it should be", () => {
    expect(schemaErrors(schema, { label: "c", items: [{ "first name": 1 }], more: 1 })).toEqual([
      { path: "(root)", message: 'must not have the property "more"' },
      { path: "label", message: 'must be one of "a", "b"' },
      { path: "items[0]", message: 'must have the property "id"' },
      { path: 'items[0]["first name"]', message: "must be string" },
    ]);
  });

  it.each([
    ["http://json-schema.org/draft-07/schema#", { items: [{ type: "number" }] }],
    ["https://json-schema.org/draft/2019-09/schema", { items: [{ type: "number" }] }],
    ["https://json-schema.org/draft/2020-12/schema", { prefixItems: [{ type: "number" }] }],
  ])("knows %s", ($schema, rule) => {
    const versioned = { $schema, type: "array", ...rule };
    expect(schemaErrors(versioned, [1])).toEqual([]);
    expect(schemaErrors(versioned, ["x"])).toEqual([{ path: "[0]", message: "must be number" }]);
  });

  it("says why a schema cannot be used", () => {
    expect(schemaTrouble(schema)).toBeUndefined();
    expect(schemaTrouble({ type: "objekt" })).toContain("cannot be used");
    expect(schemaTrouble({ $ref: "#/definitions/none" })).toContain("cannot be used");
  });
});

import { describe, expect, it } from "vitest";
import { findSql, firstWord, ordersRows, sqlStatements } from "../../../src/engine/response/sql.ts";

describe("statements", () => {
  it("end at semicolons, but not inside texts, names and comments", () => {
    expect(sqlStatements("SELECT ';' ; SELECT \"a;b\" -- c; d\n; /* ; */ ; SELECT $$;$$")).toEqual([
      "SELECT ';'",
      'SELECT "a;b" -- c; d',
      "SELECT $$;$$",
    ]);
    expect(sqlStatements(" ; ; ")).toEqual([]);
  });

  it("are counted in an answer, where the first counts", () => {
    expect(findSql("SELECT 1; SELECT 2;")).toMatchObject({ query: "SELECT 1", statements: 2 });
    expect(findSql("SELECT 1;\n\nThis selects one.")).toMatchObject({ query: "SELECT 1", statements: 1 });
    expect(findSql("no query here")).toBeUndefined();
  });

  it("begin with their first word", () => {
    expect(["-- x\n SELECT 1", "(select 1) union select 2", "/* a */ Drop table x"].map(firstWord)).toEqual([
      "select",
      "select",
      "drop",
    ]);
  });
});

describe("an ORDER BY", () => {
  it.each([
    ["SELECT a FROM b ORDER BY a", true],
    ["SELECT a FROM b order\n by a LIMIT 1", true],
    ["SELECT a FROM (SELECT a FROM b ORDER BY a) x", false],
    ["SELECT row_number() OVER (ORDER BY a) FROM b", false],
    ["SELECT 'ORDER BY a' FROM b", false],
    ["SELECT a FROM b -- ORDER BY a", false],
  ])("of the query itself: %s", (query, ordered) => {
    expect(ordersRows(query)).toBe(ordered);
  });
});

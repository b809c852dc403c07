import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { envNames, hasBrokenEnv, resolveEnv } from "../../../src/engine/spec/env.ts";
import { fillTemplate, openBraces, parseTemplate, placeholdersOf } from "../../../src/engine/spec/placeholders.ts";
import { parseDuration, parseSize } from "../../../src/engine/spec/units.ts";
import { yamlFlow, yamlScalar } from "../../../src/engine/spec/yamlText.ts";

describe("placeholders", () => {
  it("are found with their places, blanks around the name or not", () => {
    const text = "a {{x}} {{ long name }} {{}}";
    expect(
      placeholdersOf(text).map(({ column, start, end, nameStart, nameEnd }) => [
        column,
        text.slice(start, end),
        text.slice(nameStart, nameEnd),
      ]),
    ).toEqual([
      ["x", "{{x}}", "x"],
      ["long name", "{{ long name }}", "long name"],
      ["", "{{}}", ""],
    ]);
  });

  it("are filled; absent and null fields leave nothing", () => {
    expect(fillTemplate(parseTemplate("{{a}}-{{ b }}-{{c}}-{{n}}"), { a: "{{b}}", b: 2, c: null })).toBe("{{b}}-2--");
  });

  it("keep escaped and single braces as they are", () => {
    expect(fillTemplate(parseTemplate('\\{{a}} {"k": {{a}}} {a} {{}}'), { a: 1 })).toBe('{{a}} {"k": 1} {a} {{}}');
  });

  it("that are not closed are told by their place", () => {
    expect(openBraces("{{a}} {{b {{c}} \\{{ {{")).toEqual([6, 20]);
  });

  it("leave a text without braces alone", () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes("{{")),
        (text) => fillTemplate(parseTemplate(text), {}) === text,
      ),
    );
  });
});

describe("environment variables", () => {
  it("are named, not read, until a run resolves them", () => {
    expect(envNames("https://\x24{env:HOST}/\x24{env:PATH_2}")).toEqual(["HOST", "PATH_2"]);
    expect(envNames("env:HOOK")).toEqual(["HOOK"]);
    expect(envNames("no env:HOOK")).toEqual([]);
    expect(hasBrokenEnv("\x24{env:}")).toBe(true);
    expect(hasBrokenEnv("\x24{env:A} \x24{other}")).toBe(false);
  });

  it("are resolved by the function given, and missed by name", () => {
    const env = (name: string) => ({ HOST: "h", HOOK: "k" })[name];
    expect(resolveEnv("https://\x24{env:HOST}/x", env)).toBe("https://h/x");
    expect(resolveEnv("env:HOOK", env)).toBe("k");
    expect(() => resolveEnv("\x24{env:NONE}", env)).toThrow("the environment variable NONE is not set");
  });
});

describe("units", () => {
  it.each([
    ["500ms", 500],
    ["60s", 60_000],
    ["1.5m", 90_000],
    ["2h", 7_200_000],
    ["1d", 86_400_000],
    ["2 h", 7_200_000],
    ["60", undefined],
    ["s", undefined],
    ["-1s", undefined],
    ["1h30m", undefined],
  ])("%s is a duration of %s ms", (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  it.each([
    ["14GB", 15_032_385_536],
    ["512MiB", 536_870_912],
    ["1.5 kb", 1536],
    ["1TB", 1_099_511_627_776],
    ["14", undefined],
    ["14G", undefined],
  ])("%s is a size of %s bytes", (text, expected) => {
    expect(parseSize(text)).toBe(expected);
  });
});

describe("texts written as YAML", () => {
  it("are read back as they were", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(parse(`key: ${yamlScalar(text)}`)).toEqual({ key: text });
      }),
    );
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        expect(parse(yamlFlow(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("have quotes only where they need them", () => {
    expect(["plain text", "a: b", "yes", "1", "null", "{x}", "# x", " x", ""].map(yamlScalar)).toEqual([
      "plain text",
      '"a: b"',
      "yes",
      '"1"',
      '"null"',
      '"{x}"',
      '"# x"',
      '" x"',
      '""',
    ]);
  });
});

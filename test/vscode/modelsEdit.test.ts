import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { modelsEdit } from "../../src/vscode/commands/modelsEdit.ts";

function applied(text: string, models: readonly string[], json = false): string {
  const at = json ? text.indexOf('"models"') : text.search(/^models:/m);
  const rest = at < 0 ? "" : text.slice(at);
  const length = json
    ? rest.indexOf("]") + 1
    : (/^models:(.*\n)((?:[ \t]*- .*(?:\n|$))*)/.exec(rest)?.[0].trimEnd().length ?? 0);
  const section = at < 0 ? undefined : { start: at, end: at + length };
  const edit = modelsEdit(text, { json, models, section });
  return text.slice(0, edit.start) + edit.text + text.slice(edit.end);
}

describe("the edit that writes models", () => {
  it("keeps a list in brackets in brackets", () => {
    expect(
      applied("name: a\nmodels: [builtin:reader]\nlayouts: [standard]\n", ["openai:gpt-4.1-mini", "ollama:gemma3:12b"]),
    ).toBe("name: a\nmodels: [openai:gpt-4.1-mini, ollama:gemma3:12b]\nlayouts: [standard]\n");
  });

  it("keeps one model a line one a line, at its indent", () => {
    expect(applied("models:\n  - builtin:reader\n  - openai:a\nname: a\n", ["openai:b"])).toBe(
      "models:\n  - openai:b\nname: a\n",
    );
  });

  it("adds the list to a file that has none, whether or not its last line ends", () => {
    expect(applied("name: a", ["builtin:reader"])).toBe("name: a\nmodels: [builtin:reader]\n");
    expect(applied("name: a\n", ["builtin:reader"])).toBe("name: a\nmodels: [builtin:reader]\n");
  });

  it("keeps the line ends of the file", () => {
    expect(applied("name: a\r\n", ["builtin:reader"])).toBe("name: a\r\nmodels: [builtin:reader]\r\n");
  });

  it("quotes what YAML would not read as one text", () => {
    const names = ["replay:my outputs, old.jsonl", "openai:x#y", "ollama:q:"];
    expect(parse(applied("name: a\n", names)).models).toEqual(names);
    expect(parse(applied("models:\n  - a:b\n", names)).models).toEqual(names);
  });

  it("writes JSON into JSON", () => {
    expect(JSON.parse(applied('{ "name": "a", "models": ["x:y"] }', ["openai:b"], true)).models).toEqual(["openai:b"]);
    expect(JSON.parse(applied('{ "name": "a" }', ["openai:b"], true)).models).toEqual(["openai:b"]);
  });
});

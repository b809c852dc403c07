import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import * as vscode from "vscode";
import { closeAll, eventually, example, openExperiment, smallExperiment } from "./support.ts";

const broken = `name: broken
dataset: data/nowhere.csv
models: [builtin:reader]
promt:
  segment: "{{text}}"
layouts: [standard, recencie]
`;

function problems(uri: vscode.Uri): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(uri).filter((each) => each.source === "Layout Lab");
}

function at(document: vscode.TextDocument, text: string, offset = 0): vscode.Position {
  return document.positionAt(document.getText().indexOf(text) + offset);
}

describe("experiment files in the editor", () => {
  after(closeAll);

  it("show each mistake at its place, with what to do", async () => {
    const document = await openExperiment("broken.layout.yaml", broken);
    const found = await eventually(() => {
      const all = problems(document.uri);
      assert.ok(all.length >= 3, `${all.length} problems`);
      return all;
    });
    const placed = found.map((each) => `${each.code} ${document.getText(each.range)}`).sort();
    assert.ok(placed.includes("unknown-key promt"), placed.join("; "));
    assert.ok(placed.includes("missing-file data/nowhere.csv"), placed.join("; "));
    assert.ok(placed.includes("unknown-layout recencie"), placed.join("; "));
    const layout = found.find((each) => each.code === "unknown-layout");
    assert.ok(layout);
    assert.deepEqual(layout.range, new vscode.Range(5, 20, 5, 28));
    assert.match(layout.message, /recency/);
    assert.equal(layout.severity, vscode.DiagnosticSeverity.Error);
  });

  it("mend a misspelt layout with a quick fix", async () => {
    const document = await openExperiment("broken.layout.yaml", broken);
    const range = await eventually(() => {
      const problem = problems(document.uri).find((each) => each.code === "unknown-layout");
      assert.ok(problem);
      return problem.range;
    });
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      "vscode.executeCodeActionProvider",
      document.uri,
      range,
    );
    const fix = actions.find((each) => each.title === "Change to recency");
    assert.ok(fix?.edit, actions.map((each) => each.title).join("; "));
    assert.ok(await vscode.workspace.applyEdit(fix.edit));
    assert.match(document.getText(), /layouts: \[standard, recency\]/);
    await eventually(() => assert.ok(!problems(document.uri).some((each) => each.code === "unknown-layout")));
  });

  it("lose their problems when a file they name appears", async () => {
    const text = smallExperiment.replace("prompts/instructions.md", "prompts/late.md");
    const document = await openExperiment("late.layout.yaml", text);
    await eventually(() => assert.ok(problems(document.uri).some((each) => each.code === "missing-file")));
    await writeFile(example("prompts/late.md").fsPath, "Label the message.\n");
    await eventually(() => assert.deepEqual(problems(document.uri), []));
  });

  it("complete layouts and columns", async () => {
    const document = await openExperiment("small.layout.yaml", smallExperiment);
    const items = async (position: vscode.Position) => {
      const list = await vscode.commands.executeCommand<vscode.CompletionList>(
        "vscode.executeCompletionItemProvider",
        document.uri,
        position,
      );
      return list.items.map((item) => (typeof item.label === "string" ? item.label : item.label.label));
    };
    assert.ok((await items(at(document, "recency]"))).includes("sandwich"));
    assert.ok((await items(at(document, "{{text}}", 2))).includes("intent"));
  });

  it("explain a layout on hover", async () => {
    const document = await openExperiment("small.layout.yaml", smallExperiment);
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      "vscode.executeHoverProvider",
      document.uri,
      at(document, "recency", 2),
    );
    const text = hovers.flatMap((hover) =>
      hover.contents.map((each) => (typeof each === "string" ? each : each.value)),
    );
    assert.match(text.join("\n"), /\*\*recency\*\*[\s\S]*text to judge/);
  });

  it("outline their sections", async () => {
    const document = await openExperiment("small.layout.yaml", smallExperiment);
    const symbols = await vscode.commands.executeCommand<vscode.DocumentSymbol[]>(
      "vscode.executeDocumentSymbolProvider",
      document.uri,
    );
    const layouts = symbols.find((each) => each.name === "layouts");
    assert.deepEqual(
      layouts?.children.map((each) => each.name),
      ["standard", "recency"],
    );
  });

  it("carry lenses for running, previewing and the size of the grid", async () => {
    const document = await openExperiment("small.layout.yaml", smallExperiment);
    const titles = await eventually(async () => {
      const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
        "vscode.executeCodeLensProvider",
        document.uri,
      );
      assert.ok(lenses.length >= 5, `${lenses.length} lenses`);
      return lenses.map((lens) => `${lens.range.start.line} ${lens.command?.title}`);
    });
    assert.deepEqual(titles.slice(0, 3), [
      "0 $(play) Run",
      "0 $(open-preview) Preview",
      "0 2 variants × 30 examples = 60 trials",
    ]);
    // What the cache holds depends on the runs of other suites.
    const rest = titles.slice(3).filter((title) => !title.includes("$(database)"));
    assert.deepEqual(rest, ["8 $(open-preview) standard", "8 $(open-preview) recency"]);
  });

  it("lead to the files they name", async () => {
    const document = await openExperiment("small.layout.yaml", smallExperiment);
    const links = await vscode.commands.executeCommand<vscode.LocationLink[]>(
      "vscode.executeDefinitionProvider",
      document.uri,
      at(document, "prompts/instructions.md", 3),
    );
    assert.equal(links[0]?.targetUri.fsPath, example("prompts/instructions.md").fsPath);
  });
});

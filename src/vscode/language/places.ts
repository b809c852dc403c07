import * as vscode from "vscode";
import type { Range } from "../../engine/spec/diagnostic.ts";

/** The engine counts lines and columns from 1, the editor from 0. */
export function toRange(range: Range): vscode.Range {
  return new vscode.Range(
    range.start.line - 1,
    range.start.column - 1,
    Math.max(range.end.line, range.start.line) - 1,
    range.end.column - 1,
  );
}

import * as z from "zod";
import type { Diagnostic } from "./diagnostic.ts";
import type { LayoutSpec } from "./experiment.ts";
import { reportIssues } from "./issues.ts";
import { readLayouts } from "./layouts.ts";
import { builtinLayouts } from "./names.ts";
import { valueAt } from "./repair.ts";
import { hasErrors, reporter, sorted } from "./report.ts";
import { layoutSchema } from "./schema.ts";
import { readSource } from "./source.ts";

const fileSchema = z.strictObject({ layouts: z.array(layoutSchema) });

/** Layouts declared for every experiment of a workspace: `.layoutlab/layouts.yaml`, one key, `layouts`. Never throws. */
export function parseWorkspaceLayouts(
  text: string,
  file: string,
  builtin: readonly string[] = builtinLayouts,
): { readonly layouts: readonly LayoutSpec[]; readonly diagnostics: readonly Diagnostic[] } {
  const source = readSource(text, file);
  const diagnostics: Diagnostic[] = [...source.diagnostics];
  const report = reporter(source, diagnostics);
  if (hasErrors(diagnostics) || source.value === null || source.value === undefined)
    return { layouts: [], diagnostics };
  const result = fileSchema.safeParse(source.value);
  if (!result.success) {
    reportIssues(result.error.issues, (path) => valueAt(source.value, path), report);
    return { layouts: [], diagnostics: sorted(diagnostics) };
  }
  const declared = result.data.layouts.filter((each) => typeof each !== "string");
  result.data.layouts.forEach((each, index) => {
    if (typeof each !== "string") return;
    report(["layouts", index], {
      code: "wrong-type",
      message: `layouts[${index + 1}] is only a name`,
      action: "declare it: { name, system, user }, or { hybrid: [a, b] }",
    });
  });
  if (hasErrors(diagnostics)) return { layouts: [], diagnostics: sorted(diagnostics) };
  const layouts = readLayouts(declared, ["layouts"], { builtin, workspace: [] }, undefined, report);
  return { layouts: hasErrors(diagnostics) ? [] : layouts, diagnostics: sorted(diagnostics) };
}

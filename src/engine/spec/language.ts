/** The language service of experiment files: pure functions of text and offset, for an editor to call. */
export { type Completion, completions, type LanguageContext } from "./completions.ts";
export { definition } from "./definition.ts";
export { type Hover, hover } from "./hover.ts";
export { type QuickFix, quickFixes } from "./quickFixes.ts";
export { type FileSymbol, symbols } from "./symbols.ts";

/** How a text changes so that its `models` are these: the part from `start` to `end` becomes `text`. */
export interface ModelsEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface ModelsChange {
  readonly json: boolean;
  readonly models: readonly string[];
  /** Where key and value of `models` stand, when they do. */
  readonly section: { readonly start: number; readonly end: number } | undefined;
}

/** Writes the list in the form the file has it: one a line or in brackets. */
export function modelsEdit(text: string, { json, models, section }: ModelsChange): ModelsEdit {
  if (json) {
    const entry = `"models": ${JSON.stringify(models)}`;
    if (section !== undefined) return { ...section, text: entry };
    const at = text.indexOf("{") + 1;
    return { start: at, end: at, text: `\n  ${entry},` };
  }
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const flow = `models: [${models.map(flowScalar).join(", ")}]`;
  if (section === undefined) {
    const gap = text === "" || text.endsWith("\n") ? "" : eol;
    return { start: text.length, end: text.length, text: `${gap}${flow}${eol}` };
  }
  const written = text.slice(section.start, section.end);
  const list = /^([^\n]*?)\r?\n([ \t]*)- /.exec(written);
  if (list === null) return { ...section, text: flow };
  const indent = list[2] ?? "";
  const lines = models.map((model) => `${indent}- ${flowScalar(model)}`);
  return { ...section, text: [list[1], ...lines].join(eol) };
}

/** Plain where YAML reads it as one text; quoted elsewhere. */
function flowScalar(text: string): string {
  return /^[A-Za-z][\w./:@+-]*$/.test(text) && !text.endsWith(":") ? text : JSON.stringify(text);
}

/**
 * Names short enough for a table's first column: an id is `layout/model/parameters`, and the model is said only where there
 * are several and the table does not group by it.
 */
export function variantNames(
  variants: readonly { readonly id: string; readonly layout: string; readonly model: string }[],
  options: { readonly grouped?: boolean } = {},
): ReadonlyMap<string, string> {
  const oneModel = new Set(variants.map((variant) => variant.model)).size < 2;
  return new Map(
    variants.map(({ id, layout, model }) => {
      const start = `${layout}/${model}`;
      const parameters = id.startsWith(`${start}/`) ? id.slice(start.length + 1).replaceAll(",", ", ") : "";
      const parts = [layout, oneModel || options.grouped === true ? "" : model, parameters];
      return [id, parts.filter((part) => part !== "").join(" · ")];
    }),
  );
}

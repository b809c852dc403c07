/** Whether a model id matches one of the globs; `*` stands for any run of characters, `?` for one. */
export function matchesAny(globs: readonly string[], model: string): boolean {
  return globs.some((glob) => matches(glob, model));
}

function matches(glob: string, model: string): boolean {
  const pattern = glob
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${pattern}$`, "s").test(model);
}

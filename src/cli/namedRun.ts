import type { Engine } from "../engine/engine.ts";

/** The run that `--run` names, by its whole id. @throws UserError when there is none, or several begin so. */
export async function namedRun(engine: Engine, { run }: { readonly run?: string }): Promise<{ readonly run?: string }> {
  return run === undefined ? {} : { run: (await engine.run({ run })).item.run };
}

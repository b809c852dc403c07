import type { Lab } from "../lab.ts";
import { experimentFor } from "./targets.ts";

/** Opens the preview beside the text, on a layout when a lens names one. */
export async function previewLayouts(lab: Lab, argument: unknown, layout: unknown): Promise<void> {
  const uri = await experimentFor(lab, argument);
  if (uri !== undefined) lab.previews.show(uri, typeof layout === "string" ? layout : undefined);
}

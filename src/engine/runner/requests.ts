import { type KeyOf, keyFunction } from "../cache/cacheKey.ts";
import { modelParameters, type Variant } from "../plan/variants.ts";
import type { ModelRequest } from "../provider/provider.ts";
import type { Experiment } from "../spec/experiment.ts";
import type { RunModel } from "./record.ts";

/** What all requests of a variant have in common, worked out once. */
export interface VariantRequest {
  readonly request: Omit<ModelRequest, "messages">;
  /** As a row of the table keeps it. */
  readonly json: string;
  readonly schemaJson: string | undefined;
  readonly keyOf: KeyOf;
}

export function variantRequest(
  experiment: Pick<Experiment, "prompt" | "tools">,
  variant: Variant,
  model: RunModel,
  contextTokens: number | undefined,
): VariantRequest {
  const { output } = experiment.prompt;
  const request = {
    model: model.name,
    parameters: modelParameters(variant.parameters),
    responseSchema: output.type === "json" ? output.schema : undefined,
    tools: experiment.tools,
    contextTokens,
  };
  const { parameters, tools, responseSchema } = request;
  return {
    request,
    json: JSON.stringify({ parameters, tools, contextTokens }),
    schemaJson: responseSchema && JSON.stringify(responseSchema),
    keyOf: keyFunction({ ...request, model: variant.model, endpoint: model.facts.scope }),
  };
}

import type { PartName } from "../../engine/spec/experiment.ts";

export const partTitles: Readonly<Record<PartName, string>> = {
  role: "Role",
  instructions: "Instructions",
  definitions: "Definitions",
  examples: "Examples",
  context: "Context",
  segment: "Segment",
  question: "Question",
  quickCheck: "Quick check",
  output: "Output format",
};

import { html, type nothing, type TemplateResult } from "lit";
import type { PreviewModel } from "../../engine/preview/preview.ts";
import type { PartName } from "../../engine/spec/experiment.ts";
import { count, percent } from "../shared/format.ts";
import { groupsOf } from "../shared/messageGroups.ts";
import { messageView } from "../shared/messageView.ts";
import { linkParts, type PartLinks } from "../shared/movedParts.ts";
import { groupPlaces } from "./arrange.ts";
import type { Arranging } from "./arranging.ts";

interface PromptViewOptions {
  readonly preview: PreviewModel;
  readonly beside: PreviewModel | undefined;
  readonly pointed: number | undefined;
  readonly onPoint: (number: number | undefined) => void;
  readonly onReveal: (part: PartName) => void;
  readonly arranging: Arranging;
}

/** One layout's prompt, or two side by side with the parts that moved linked by number. */
export function promptView(options: PromptViewOptions): TemplateResult {
  const { preview, beside, arranging } = options;
  const groups = groupsOf(preview.messages, preview.prefix.end).flat();
  arranging.show({ placing: preview.placing, places: groupPlaces(groups, preview.placing) });
  if (beside === undefined) return arranged(options, html`${messagesOf(preview, options, "left", undefined)}`);
  const links = linkParts(groups, groupsOf(beside.messages, beside.prefix.end).flat());
  return html`
    <p class="compare-note muted" role="note">
      ${
        links.moved.size === 0
          ? "No part stands in another place."
          : `${links.moved.size === 1 ? "1 part stands" : `${links.moved.size} parts stand`} in another place: the same number marks the same part.`
      }
    </p>
    <div class="pair">
      ${arranged(
        options,
        html`<h2>${preview.layout} <span class="muted">${count(preview.tokens.total)} tokens</span></h2>
          ${messagesOf(preview, options, "left", links)}`,
      )}
      <div class="prompt">
        <h2>${beside.layout} <span class="muted">${count(beside.tokens.total)} tokens</span></h2>
        ${messagesOf(beside, options, "right", links)}
      </div>
    </div>`;
}

/** The prompt whose parts can be moved. */
function arranged({ arranging }: PromptViewOptions, content: TemplateResult): TemplateResult {
  return html`<div
    class="prompt"
    @dragover=${(event: DragEvent) => arranging.over(event)}
    @drop=${(event: DragEvent) => arranging.drop(event)}
  >${arranging.emptySystem()}${content}</div>`;
}

function messagesOf(
  preview: PreviewModel,
  options: PromptViewOptions,
  side: "left" | "right",
  links: PartLinks | undefined,
): TemplateResult | typeof nothing {
  const { tokens, share, end } = preview.prefix;
  return messageView({
    id: side,
    messages: preview.messages,
    prefix: {
      end,
      label:
        tokens === 0
          ? "nothing before here is the same for every example"
          : `the same for every example up to here: ${count(tokens)} tokens, ${percent(share, 0)}`,
    },
    revealable: new Set(Object.keys(preview.places) as PartName[]),
    onReveal: options.onReveal,
    ...(side === "left" ? { grip: (group) => options.arranging.grip(group) } : {}),
    ...(links === undefined
      ? {}
      : { numbers: links[side], moved: links.moved, pointed: options.pointed, onPoint: options.onPoint }),
  });
}

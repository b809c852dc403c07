import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { PartName } from "../../engine/spec/experiment.ts";
import { count } from "./format.ts";
import { type DrawnMessage, type Group, groupAt, groupsOf, type PiecePlace } from "./messageGroups.ts";
import { partTitles } from "./parts.ts";

export interface MessageViewOptions {
  readonly messages: readonly DrawnMessage[];
  /** Unique on the page. */
  readonly id: string;
  readonly prefix?: { readonly end: PiecePlace; readonly label: string };
  /** Parts that can be shown in the file. */
  readonly revealable?: ReadonlySet<PartName>;
  readonly onReveal?: (part: PartName) => void;
  /** Number of each group's twin in the layout beside. */
  readonly numbers?: ReadonlyMap<string, number>;
  readonly moved?: ReadonlySet<number>;
  readonly onPoint?: (number: number | undefined) => void;
  readonly pointed?: number | undefined;
  /** What a part is moved by. */
  readonly grip?: (group: Group) => TemplateResult | typeof nothing;
}

const roleTitles: Readonly<Record<string, string>> = { system: "System", user: "User", assistant: "Assistant" };

/** No text node gets longer than this: a model may answer with megabytes. What is left out is said. */
const longestText = 200_000;

/** A prompt's messages, part by part. Texts are text nodes, whatever they contain. */
export function messageView(options: MessageViewOptions): TemplateResult {
  const groups = groupsOf(options.messages, options.prefix?.end);
  const end = options.prefix === undefined ? undefined : groupAt(groups, options.prefix.end);
  const past = options.prefix !== undefined && (end === undefined || end.message >= groups.length);
  return html`<div class="messages">
    ${options.messages.map((message, m) => {
      const own = groups[m] ?? [];
      const tokens = own.reduce<number | undefined>(
        (total, group) => (total === undefined || group.tokens === undefined ? undefined : total + group.tokens),
        0,
      );
      const title = roleTitles[message.role] ?? message.role;
      return html`
        ${end?.message === m && end.piece === 0 ? prefixEnd(options) : nothing}
        <section class="message" aria-label="${title} message">
          <div class="message-head">
            <h3>${title}</h3>
            ${tokens === undefined ? nothing : html`<span class="muted">${count(tokens)} tokens</span>`}
          </div>
          ${repeat(
            own,
            (group) => group.key,
            (group, g) => html`
              ${end?.message === m && end.piece === g && g > 0 ? prefixEnd(options) : nothing}
              ${groupView(group, options)}
            `,
          )}
        </section>`;
    })}
    ${past ? prefixEnd(options) : nothing}
  </div>`;
}

function prefixEnd({ prefix }: MessageViewOptions): TemplateResult {
  return html`<div class="prefix-end" role="separator" aria-label=${prefix?.label ?? ""}>
    <span aria-hidden="true">${prefix?.label}</span>
  </div>`;
}

function groupView(group: Group, options: MessageViewOptions): TemplateResult {
  const number = options.numbers?.get(group.key);
  const moved = number !== undefined && options.moved?.has(number) === true;
  const linked = number !== undefined && options.pointed === number;
  return html`<div
    class="group ${moved ? "is-moved" : ""} ${linked ? "is-linked" : ""}"
    data-part=${group.part}
    data-key=${group.key}
    @mouseenter=${() => options.onPoint?.(number)}
    @mouseleave=${() => options.onPoint?.(undefined)}
    @dblclick=${() => {
      if (options.revealable?.has(group.part)) options.onReveal?.(group.part);
    }}
  >
    <div class="group-label">
      <div class="group-head">${groupName(group, options, number)}${options.grip?.(group) ?? nothing}</div>
      ${groupTokens(group, moved)}
    </div>
    <div class="group-text">${group.pieces.map(pieceView)}</div>
  </div>`;
}

function groupName(group: Group, options: MessageViewOptions, number: number | undefined): TemplateResult {
  const content = html`<span class="swatch"></span><span class="group-title">${partTitles[group.part]}</span>${
    number === undefined ? nothing : html`<span class="link-number">${number}</span>`
  }`;
  if (options.revealable?.has(group.part) !== true) return html`<span class="group-name">${content}</span>`;
  return html`<button
    type="button"
    class="group-name"
    title="Show ${partTitles[group.part]} in the file"
    @click=${() => options.onReveal?.(group.part)}
  >${content}</button>`;
}

function groupTokens(group: Group, moved: boolean): TemplateResult | typeof nothing {
  if (group.tokens === undefined) return nothing;
  return html`<span class="group-tokens"
    >${count(group.tokens)} tokens${
      group.trimmedTokens > 0 ? html`<br />${count(group.trimmedTokens)} left out` : nothing
    }${moved ? html`<br />moved` : nothing}</span
  >`;
}

function pieceView(piece: Group["pieces"][number]): TemplateResult | string {
  const text = piece.text.length > longestText ? piece.text.slice(0, longestText) : piece.text;
  if (piece.trimmed !== true && text.length === piece.text.length) return html`<span class="piece">${text}</span>`;
  const left = piece.text.length - text.length;
  return html`<span class="piece ${piece.trimmed === true ? "trimmed" : ""}"
    >${piece.trimmed === true ? html`<span class="unseen">Left out of the prompt: </span>` : nothing}${text}</span
  >${left > 0 ? html`<span class="muted"> … and ${count(left)} more characters</span>` : nothing}`;
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PartName } from "../../../src/engine/spec/experiment.ts";
import { type DrawnMessage, groupAt, groupsOf } from "../../../src/webview/shared/messageGroups.ts";
import { linkParts } from "../../../src/webview/shared/movedParts.ts";

const message = (role: string, ...parts: readonly PartName[]): DrawnMessage => ({
  role,
  pieces: parts.map((part, i) => ({ part, text: `${part}${i}`, tokens: 10 })),
});

const messages = fc.array(
  fc.record({
    role: fc.constantFrom("system", "user"),
    pieces: fc.array(
      fc.record({
        part: fc.constantFrom<PartName>("role", "examples", "segment"),
        text: fc.string(),
        tokens: fc.nat(50),
        trimmed: fc.boolean(),
      }),
      { maxLength: 8 },
    ),
  }),
  { maxLength: 4 },
);

describe("groups of a prompt", () => {
  it("keep every piece, in order, and put no two parts together", () => {
    fc.assert(
      fc.property(messages, fc.nat(4), fc.nat(8), (given, m, piece) => {
        const groups = groupsOf(given, { message: m, piece });
        expect(groups.map((own) => own.flatMap((group) => group.pieces))).toEqual(given.map((each) => each.pieces));
        for (const group of groups.flat()) expect(new Set(group.pieces.map((each) => each.part)).size).toBe(1);
        expect(new Set(groups.flat().map((group) => group.key)).size).toBe(groups.flat().length);
      }),
    );
  });

  it("break where the prefix ends, so that the mark stands between two groups", () => {
    const prompt = [message("system", "role", "examples", "examples"), message("user", "segment")];
    const end = { message: 0, piece: 2 };
    const groups = groupsOf(prompt, end);
    expect(groups[0]?.map((group) => group.pieces.length)).toEqual([1, 1, 1]);
    expect(groupAt(groups, end)).toEqual({ message: 0, piece: 2 });
    expect(groupAt(groups, { message: 2, piece: 0 })).toBeUndefined();
  });

  it("count what is sent and what was trimmed apart", () => {
    const [[group] = []] = groupsOf([
      {
        role: "system",
        pieces: [
          { part: "examples", text: "a", tokens: 7 },
          { part: "examples", text: "b", tokens: 5, trimmed: true },
        ],
      },
    ]);
    expect(group).toMatchObject({ tokens: 7, trimmedTokens: 5 });
  });
});

describe("linked parts of two layouts", () => {
  const link = (left: readonly DrawnMessage[], right: readonly DrawnMessage[]) =>
    linkParts(groupsOf(left).flat(), groupsOf(right).flat());

  it("name the one part that changed places, not those it passed", () => {
    const left = groupsOf([message("system", "role"), message("user", "segment", "question")]).flat();
    const right = groupsOf([message("system", "role"), message("user", "question", "segment")]).flat();
    const links = linkParts(left, right);
    expect(links.moved.size).toBe(1);
    expect(left.map(({ key }) => links.left.get(key))).toEqual([1, 2, 3]);
    expect(right.map(({ key }) => links.right.get(key))).toEqual([1, 3, 2]);
  });

  it("count a part in another message as moved", () => {
    const links = link(
      [message("system", "role", "output"), message("user", "segment")],
      [message("system", "role"), message("user", "output", "segment")],
    );
    expect([...links.moved]).toEqual([2]);
  });

  it("give a part without a twin no number", () => {
    const links = link([message("user", "segment", "question")], [message("user", "segment", "quickCheck")]);
    expect(links.left.size).toBe(1);
    expect(links.right.size).toBe(1);
    expect(links.moved.size).toBe(0);
  });

  it("find nothing moved between a layout and itself", () => {
    fc.assert(
      fc.property(messages, (given) => {
        expect(link(given, given).moved.size).toBe(0);
      }),
    );
  });
});

import { describe, expect, it } from "vitest";
import type { Placing } from "../../../src/engine/spec/declareLayout.ts";
import type { PartName } from "../../../src/engine/spec/experiment.ts";
import { groupPlaces, movedPart, stepTarget } from "../../../src/webview/preview/arrange.ts";
import { type DrawnMessage, groupsOf } from "../../../src/webview/shared/messageGroups.ts";

const placing: Placing = {
  system: ["role", "examples"],
  user: ["question", "segment", "question"],
  style: undefined,
  examplesAs: "text",
  repeat: 1,
};
const drawn = (role: string, parts: readonly PartName[]): DrawnMessage => ({
  role,
  pieces: parts.map((part) => ({ part, text: part })),
});
const placesOf = (messages: readonly DrawnMessage[], given = placing, breakAt?: { message: number; piece: number }) =>
  Object.fromEntries(groupPlaces(groupsOf(messages, breakAt).flat(), given));

describe("the place of a drawn part in its layout", () => {
  it("counts a part that stands twice", () => {
    expect(
      placesOf([drawn("system", ["role", "examples"]), drawn("user", ["question", "segment", "question"])]),
    ).toEqual({
      "0 role 0": { side: "system", index: 0 },
      "0 examples 0": { side: "system", index: 1 },
      "1 question 0": { side: "user", index: 0 },
      "1 segment 0": { side: "user", index: 1 },
      "1 question 1": { side: "user", index: 2 },
    });
  });

  it("takes a part that the prefix's end cuts for one, and the repeated text for none", () => {
    const places = placesOf(
      [drawn("user", ["question", "question", "segment", "question", "segment"])],
      { ...placing, system: [], user: ["question", "segment"] },
      { message: 0, piece: 1 },
    );
    expect(Object.keys(places)).toEqual(["0 question 0", "0 segment 0"]);
  });

  it("finds examples that are turns where they are named", () => {
    const messages = [drawn("system", ["role"]), drawn("user", ["examples"]), drawn("assistant", ["examples"])];
    expect(placesOf(messages)).toEqual({
      "0 role 0": { side: "system", index: 0 },
      "1 examples 0": { side: "system", index: 1 },
    });
  });
});

describe("moving a part", () => {
  const move = (from: [side: "system" | "user", index: number], to: [side: "system" | "user", index: number]) => {
    const moved = movedPart(placing, { side: from[0], index: from[1] }, { side: to[0], index: to[1] });
    return moved && [moved.system, moved.user];
  };

  it("puts it before the place it is dropped on", () => {
    expect(move(["user", 1], ["user", 0])).toEqual([placing.system, ["segment", "question", "question"]]);
    expect(move(["system", 0], ["user", 3])).toEqual([["examples"], ["question", "segment", "question", "role"]]);
    expect(move(["system", 0], ["system", 2])).toEqual([["examples", "role"], placing.user]);
  });

  it("is nothing where the order stays, or where no user message is left", () => {
    expect(move(["user", 1], ["user", 2])).toBeUndefined();
    const alone = { ...placing, user: ["segment" as const] };
    expect(movedPart(alone, { side: "user", index: 0 }, { side: "system", index: 0 })).toBeUndefined();
  });

  it("goes by keys one place at a time and over the border, or to the other message at once", () => {
    const press = (side: "system" | "user", index: number, step: -1 | 1, whole = false) => {
      const from = { side, index } as const;
      const moved = movedPart(placing, from, stepTarget(placing, from, step, whole));
      return moved && [moved.system, moved.user];
    };
    expect(press("system", 0, 1)).toEqual([["examples", "role"], placing.user]);
    expect(press("system", 1, 1)).toEqual([["role"], ["examples", ...placing.user]]);
    expect(press("user", 0, -1)).toEqual([
      ["role", "examples", "question"],
      ["segment", "question"],
    ]);
    expect(press("user", 2, -1)).toEqual([placing.system, ["question", "question", "segment"]]);
    expect(press("user", 2, 1)).toBeUndefined();
    expect(press("system", 0, -1)).toBeUndefined();
    expect(press("system", 0, 1, true)).toEqual([["examples"], ["role", ...placing.user]]);
    expect(press("user", 1, -1, true)).toEqual([
      ["role", "examples", "segment"],
      ["question", "question"],
    ]);
  });
});

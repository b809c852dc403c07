import { describe, expect, it } from "vitest";
import {
  compact,
  dollars,
  duration,
  interval,
  listed,
  milliseconds,
  percent,
  signedPoints,
} from "../../../src/webview/shared/format.ts";

const plain = (text: string) => text.replaceAll("\u202f", " ");

describe("numbers for readers", () => {
  it("says unknown where there is no number, and never NaN", () => {
    expect(percent(undefined)).toBe("unknown");
    expect(percent(null)).toBe("unknown");
    expect(percent(Number.NaN)).toBe("unknown");
    expect(dollars(null)).toBe("unknown");
    expect(duration(undefined)).toBe("unknown");
    expect(milliseconds(null)).toBe("unknown");
    expect(plain(milliseconds(0.4))).toBe("< 1 ms");
  });

  it("gives dollars the digits the amount needs", () => {
    expect(dollars(0)).toBe("$0");
    expect(dollars(1234.5)).toBe("$1,234.50");
    expect(dollars(0.41)).toBe("$0.41");
    expect(dollars(0.0123)).toBe("$0.012");
    expect(dollars(0.00012345)).toBe("$0.00012");
    expect(dollars(1e-9)).toBe("under $0.000001");
  });

  it("shortens large counts only", () => {
    expect(compact(99_999)).toBe("99,999");
    expect(plain(compact(170_000))).toBe("170 k");
    expect(plain(compact(1_234_567))).toBe("1.23 M");
  });

  it("writes shares, intervals and differences with one digit", () => {
    expect(plain(percent(0.8315))).toBe("83.2 %");
    expect(plain(interval([0.7947, 0.87]))).toBe("79.5 – 87.0 %");
    expect(signedPoints(0.0123)).toBe("+1.2");
    expect(signedPoints(-0.0123)).toBe("−1.2");
    expect(signedPoints(-0.0001)).toBe("0.0");
    expect(signedPoints(0)).toBe("0.0");
  });

  it("carries seconds into minutes and minutes into hours", () => {
    expect(plain(duration(59_600))).toBe("1 min 00 s");
    expect(plain(duration(83_000))).toBe("1 min 23 s");
    expect(plain(duration(7_260_000))).toBe("2 h 01 min");
    expect(plain(duration(-5))).toBe("0 s");
  });

  it("lists names as a sentence does", () => {
    expect(listed([])).toBe("");
    expect(listed(["a"])).toBe("a");
    expect(listed(["a", "b", "c"])).toBe("a, b and c");
  });
});

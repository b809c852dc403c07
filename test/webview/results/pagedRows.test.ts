import { describe, expect, it } from "vitest";
import { PagedRows } from "../../../src/webview/results/trials/pagedRows.ts";

const settle = async () => {
  for (let i = 0; i < 400; i++) await Promise.resolve();
};

function harness(length: number, options: { readonly keep?: number; readonly fail?: (call: number) => boolean } = {}) {
  const asked: (string | undefined)[] = [];
  const errors: unknown[] = [];
  let atOnce = 0;
  let most = 0;
  const rows = new PagedRows<number>({
    pageSize: 10,
    keep: options.keep ?? 3,
    async fetch(after, skip) {
      asked.push(skip === 0 ? after : `${after ?? 0}+${skip}`);
      atOnce += 1;
      most = Math.max(most, atOnce);
      await Promise.resolve();
      atOnce -= 1;
      if (options.fail?.(asked.length) === true) throw new Error("the store is busy");
      const from = (after === undefined ? 0 : Number(after)) + skip;
      const page = Array.from({ length: Math.max(0, Math.min(10, length - from)) }, (_, i) => from + i);
      return {
        rows: page,
        next: from + 10 < length ? String(from + 10) : undefined,
        total: after === undefined ? length : undefined,
      };
    },
    onChange: () => undefined,
    onError: (error) => errors.push(error),
  });
  return { rows, asked, errors, mostAtOnce: () => most };
}

describe("paged rows", () => {
  it("fetch the first page by themselves and know the total", async () => {
    const { rows, asked } = harness(95);
    await settle();
    expect(asked).toEqual([undefined]);
    expect(rows.total).toBe(95);
    expect(rows.row(9)).toBe(9);
    expect(rows.row(10)).toBeUndefined();
  });

  it("go to a far page at once, one request at a time, and hold few pages", async () => {
    const { rows, asked, mostAtOnce } = harness(1000);
    await settle();
    rows.look(985, 999);
    await settle();
    expect(rows.row(999)).toBe(999);
    expect(rows.row(985)).toBe(985);
    expect(asked).toEqual([undefined, "10+970", "990"]);
    expect(mostAtOnce()).toBe(1);
    expect(rows.held).toBeLessThanOrEqual(3);
  });

  it("fetch a page from the nearest beginning that is known", async () => {
    const { rows, asked } = harness(1000);
    await settle();
    rows.look(985, 999);
    await settle();
    asked.length = 0;
    rows.look(500, 505);
    await settle();
    expect(asked).toEqual(["10+490"]);
    expect(rows.row(505)).toBe(505);
    rows.look(990, 999);
    rows.look(0, 5);
    await settle();
    expect(asked.at(-1)).toBeUndefined();
    rows.look(510, 515);
    await settle();
    expect(asked.at(-1)).toBe("510");
  });

  it("turn round at once when something else is looked at meanwhile", async () => {
    const { rows, asked } = harness(1000);
    await settle();
    rows.look(990, 999);
    await Promise.resolve();
    rows.look(20, 25);
    await settle();
    expect(rows.row(20)).toBe(20);
    expect(asked.length).toBeLessThan(10);
  });

  it("report a failure and try again when looked at again", async () => {
    const { rows, errors } = harness(95, { fail: (call) => call === 2 });
    await settle();
    rows.look(10, 19);
    await settle();
    expect(errors).toEqual([new Error("the store is busy")]);
    rows.look(10, 19);
    await settle();
    expect(rows.row(15)).toBe(15);
  });

  it("know an empty list, and trust the end over the count", async () => {
    const empty = harness(0);
    await settle();
    expect(empty.rows.total).toBe(0);
    const { rows } = harness(15);
    await settle();
    rows.look(10, 19);
    await settle();
    expect(rows.total).toBe(15);
    expect(rows.row(15)).toBeUndefined();
  });

  it("say nothing once stopped", async () => {
    const { rows, asked } = harness(95);
    rows.stop();
    rows.look(10, 60);
    await settle();
    expect(asked).toEqual([undefined]);
    expect(rows.total).toBeUndefined();
  });
});

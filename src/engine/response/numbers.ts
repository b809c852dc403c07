const number =
  /(?<![\w.,])[-+−–]?(?:[$€£]\s?)?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?|\.\d+)(?:[eE][-+]?\d+)?/g;

/** Every number in a text, in order: signs, thousands commas, decimal commas, exponents and currency signs are understood. */
export function numbersIn(text: string): number[] {
  return Array.from(text.matchAll(number), ([written]) => toNumber(written)).filter((value) => Number.isFinite(value));
}

/** The number a text consists of, units and currency signs aside; undefined when it holds none or several. */
export function onlyNumber(text: string): number | undefined {
  const found = numbersIn(text);
  return found.length === 1 ? found[0] : undefined;
}

function toNumber(written: string): number {
  let plain = written.replace(/[−–]/, "-").replace(/[$€£]\s?/, "");
  // `1,000` has a thousands comma and `3,5` a decimal one.
  plain = /^[-+]?\d{1,3}(?:,\d{3})+(?!\d)/.test(plain) ? plain.replaceAll(",", "") : plain.replace(",", ".");
  return Number(plain);
}

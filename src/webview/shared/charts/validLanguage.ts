/**
 * uPlot asks for number formats in `navigator.language` as soon as it is loaded. A browser in the POSIX locale names a
 * language there that no format knows (`en-US@posix`), and the whole page would fail with it.
 */
try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en-US", configurable: true });
}

export {};

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/host/**"],
    // Two cores are what a small machine has; more workers than that only make timings worse.
    maxWorkers: 2,
    testTimeout: 20_000,
  },
});

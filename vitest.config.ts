import { defineConfig } from "vitest/config";

/** Tests that start processes, servers or browsers and go by real time. */
const world = [
  "test/e2e/**/*.test.ts",
  "test/golden/**/*.test.ts",
  "test/webview/**/*.test.ts",
  "test/product/**/*.test.ts",
  "test/engine/runner/**/*.test.ts",
  "test/engine/service/**/*.test.ts",
];

const setupFiles = ["test/support/fixedSeed.ts"];

/** Ends as soon as what is waited for is so; a small machine may need long for it. */
const expect = { poll: { timeout: 20_000 } };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "units",
          setupFiles,
          expect,
          include: ["test/**/*.test.ts"],
          exclude: ["test/host/**", ...world],
          // Two cores are what a small machine has; more workers than that only make timings worse.
          maxWorkers: 2,
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "world",
          setupFiles,
          expect,
          include: world,
          // After the others and one file at a time, so that they have the machine to themselves; a second try for the
          // rare time that a busy machine takes the processor away at the wrong moment.
          maxWorkers: 1,
          testTimeout: 120_000,
          retry: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});

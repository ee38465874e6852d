// The tests in; how they are run: two forked workers, fresh generated modules, the software adapter at hand.

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/setup.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    reporters: ["default", ["json", { outputFile: ".cache/test-report.json" }]],
  },
});

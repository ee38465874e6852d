// The fuzzers in; how they are run: as the tests are, but for as long as it takes.

import { defineConfig } from "vitest/config";
import tests from "./vitest.config.js";

export default defineConfig({
  test: {
    ...tests.test,
    include: ["test/**/*.fuzz.ts"],
    testTimeout: 30 * 60_000,
    reporters: ["default"],
  },
});

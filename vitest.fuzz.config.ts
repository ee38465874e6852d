// The fuzzers in; how they are run: as the tests are, but for as long as it takes.

import { defineConfig } from "vitest/config";
import { running } from "./vitest.config.js";

export default defineConfig({
  test: {
    ...running,
    include: ["test/**/*.fuzz.ts"],
    execArgv: [...running.execArgv, "--expose-gc"],
    testTimeout: 30 * 60_000,
    reporters: ["default"],
  },
});

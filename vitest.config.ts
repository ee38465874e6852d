// The tests in; how they are run: two forked workers, fresh generated modules, the software adapter at hand.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** What holds for fuzzers too. */
export const running = {
  globalSetup: ["test/support/setup.ts"],
  pool: "forks" as const,
  maxWorkers: 2,
  // Compiling leaves much behind that is young: where there is little room for it, a third of the time goes into collecting.
  execArgv: ["--min-semi-space-size=64", "--max-semi-space-size=128"],
  testTimeout: 60_000,
  hookTimeout: 60_000,
  teardownTimeout: 10_000,
};

const root = import.meta.dirname;

/** Tests that put something else in the place of a module, or run the tests of other files: these need modules that no other file loaded. */
const withModulesOfTheirOwn = readdirSync(join(root, "test"), { recursive: true })
  .map((name) => `test/${String(name).replaceAll("\\", "/")}`)
  .filter((name) => name.endsWith(".test.ts"))
  .filter((name) =>
    /\bvi\.mock\(|\bimport\("[^"]+\.test\.js"\)/.test(readFileSync(join(root, name), "utf8")),
  );

export default defineConfig({
  test: {
    ...running,
    reporters: ["default", ["json", { outputFile: ".cache/test-report.json" }]],
    projects: [
      {
        extends: true,
        // A worker loads the compiler once for all of its files, not anew for each.
        test: {
          name: "together",
          include: ["test/**/*.test.ts"],
          exclude: withModulesOfTheirOwn,
          isolate: false,
        },
      },
      { extends: true, test: { name: "apart", include: withModulesOfTheirOwn } },
    ],
  },
});

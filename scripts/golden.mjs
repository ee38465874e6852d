// The checkout in; every golden text written anew, by running the tests that compare with one, out. Read the difference.

import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Tests that compare with golden texts do so by test/support/golden.ts, or read the wish to update themselves. */
function comparesWithGolden(file) {
  return /support\/golden\.js|UPDATE_GOLDEN/.test(readFileSync(file, "utf8"));
}

const tests = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".test.ts"))
  .map((name) => join(root, "test", name))
  .filter(comparesWithGolden)
  .map((file) => relative(root, file));

const { status } = spawnSync("npx", ["vitest", "run", ...tests], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, UPDATE_GOLDEN: "1" },
});
process.exitCode = status ?? 1;

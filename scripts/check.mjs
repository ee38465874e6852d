// The checkout in; types, lint, format and tests all run, and the count of what passed and failed as the last line out.

import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const report = join(root, ".cache/test-report.json");

// A check that fails does not hide the others.
rmSync(report, { force: true });
const failedChecks = ["types", "lint", "format"].filter((name) => !runs("npm", ["run", name]));
const testsPassed = runs("npx", ["vitest", "run"]);
const counts = readCounts();

if (counts.skipped > 0) console.log(`${counts.skipped} tests skipped`);
if (failedChecks.length > 0) console.log(`checks that failed: ${failedChecks.join(", ")}`);
// A file that cannot be loaded, or an error outside any test, fails without a failed test to count.
const uncounted = !testsPassed && counts.failed === 0 ? 1 : 0;
const failed = counts.failed + uncounted + failedChecks.length;
console.log(`${counts.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function runs(command, options) {
  return spawnSync(command, options, { cwd: root, stdio: "inherit" }).status === 0;
}

function readCounts() {
  try {
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(
      readFileSync(report, "utf8"),
    );
    return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests };
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

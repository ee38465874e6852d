// The calls of other tests on nets of minified bundles in; the same numbers and errors, whatever is fetched for them, out.

import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { afterAll, vi } from "vitest";
import type * as runtime from "../../runtime/index.js";
import { minifiedRuntime } from "./support/minified.js";

const folder = mkdtempSync(join(tmpdir(), "nnc-small-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

vi.mock("../../runtime/index.js", async (importOriginal) => {
  const original = await importOriginal<typeof runtime>();
  return { ...original, ...(await minifiedRuntime(folder, original)) };
});

await import("./weights.test.js");
await import("./options.test.js");
await import("./calls.test.js");
await import("./ownership.test.js");
await import("./failure.test.js");
await import("./destroyed.test.js");
await import("./recovery.test.js");

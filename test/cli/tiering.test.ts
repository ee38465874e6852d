// In: this engine, told to optimize late and then as usual; out: that it does, and says nothing of it.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";

const module = pathToFileURL(join(import.meta.dirname, "../../build/cli/tiering.js")).href;

/** More calls than a small function is usually optimized after, and fewer than it is late. */
const calls = 15_000;

const script = `
import { optimizedLate } from "${module}";
const byTurboFan = 1 << 6;
let made = 0;
const isOptimized = () => {
  // Functions of one text would share what the engine counts.
  const hot = new Function("x", "y", "return x * y + x - y * 0." + ++made);
  let sum = 0;
  for (let at = 0; at < ${calls}; at++) sum += hot(at, sum);
  return (%GetOptimizationStatus(hot) & byTurboFan) !== 0;
};
const usual = isOptimized();
const late = await optimizedLate(isOptimized);
const again = isOptimized();
const failed = await optimizedLate(() => { throw 1; }).catch(isOptimized);
console.log(JSON.stringify({ usual, late, again, failed }));
`;

test("functions are optimized later while the compiler works, and as usual behind it", () => {
  const flags = ["--allow-natives-syntax", "--no-concurrent-recompilation", "--no-use-osr"];
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [...flags, "--input-type=module", "-e", script],
    { encoding: "utf8" },
  );
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual({ usual: true, late: false, again: true, failed: true });
});

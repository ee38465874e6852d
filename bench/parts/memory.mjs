// Programs in; the peak memory of each by its plan, and its liveness bound where the compiler tells it, out.

import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const command = join(root, "build/command/main.js");

export const memoryPrograms = {
  w1: ["bench/programs/w1.nn"],
  w2: ["bench/programs/w2.nn"],
  w5: ["bench/programs/w5.nn"],
  alexnet: ["examples/programs/alexnet.nn", "--batch", "64"],
};

export function measureMemory({ programs, say }) {
  const results = programs.map((name) => {
    const given = memoryPrograms[name];
    const text = execFileSync(process.execPath, [command, "inspect", ...given, "--json"], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [{ peak, bound, persistent }] = JSON.parse(text);
    say(`${name}: ${(peak / 1e6).toFixed(2)} MB at peak`);
    return [name, { peak, bound, persistent }];
  });
  return Object.fromEntries(results);
}

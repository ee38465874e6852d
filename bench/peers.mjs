// Contestants in; those that can run out, after their packages were installed where they were missing and could be had.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { contestants } from "./contestants/index.mjs";

const folder = dirname(fileURLToPath(import.meta.url));

function isInstalled(name) {
  const { package: needed } = contestants[name];
  return needed === undefined || existsSync(join(folder, "node_modules", needed));
}

/** Without a network the others are measured alone. */
export function availableContestants(names, say) {
  const missing = names.filter((name) => !isInstalled(name));
  if (missing.length > 0) {
    say(`installing what ${missing.join(", ")} need into bench/node_modules …`);
    const options = ["ci", "--no-audit", "--no-fund"];
    spawnSync("npm", options, {
      cwd: folder,
      stdio: ["ignore", "ignore", "inherit"],
      // Of Windows, where npm is a script.
      shell: process.platform === "win32",
    });
  }
  const absent = names.filter((name) => !isInstalled(name));
  if (absent.length > 0) say(`not installed, and left out: ${absent.join(", ")}`);
  return names.filter(isInstalled);
}

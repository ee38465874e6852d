// A command line for nnc in; its run, from the checkout that this folder belongs to, out.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const checkout = fileURLToPath(new URL("..", import.meta.url));
const command = fileURLToPath(new URL("../build/command/main.js", import.meta.url));

/** Runs `nnc` with these arguments in the checkout's folder; where it fails, this process ends as it did. */
export function nnc(...options) {
  if (!existsSync(command)) {
    console.error("nothing is built yet: run npm ci first");
    process.exit(1);
  }
  const { status } = spawnSync(process.execPath, [command, ...options], {
    cwd: checkout,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}

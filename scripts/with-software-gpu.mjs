// A command in (`node scripts/with-software-gpu.mjs npx nnc train …`); the same run where WebGPU is found in software.

import { spawn } from "node:child_process";
import { softwareEnvironment, softwareExpected } from "./software.mjs";

const [command, ...rest] = process.argv.slice(2);
if (command === undefined) {
  console.error("usage: node scripts/with-software-gpu.mjs COMMAND [ARGUMENT…]");
  process.exit(2);
}
if (!softwareExpected) {
  console.error("the software adapter that comes with npm ci is for Linux on x64");
  process.exit(3);
}
const child = spawn(command, rest, {
  stdio: "inherit",
  env: { ...process.env, ...softwareEnvironment() },
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`${command}: ${error.message}`);
  process.exitCode = 3;
});
child.on("close", (code) => {
  process.exitCode = code ?? 1;
});

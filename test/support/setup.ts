// A test run about to start in; fresh generated modules and the software adapter's environment for every worker out.

import { fileURLToPath } from "node:url";
import { generate } from "../../scripts/generate.mjs";
import { softwareEnvironment, softwareExpected } from "../../scripts/software.mjs";

/** The Vulkan loader reads its environment when a process starts, so it must stand before the workers are forked. */
export default async function setup(): Promise<void> {
  await generate(fileURLToPath(new URL("../..", import.meta.url)));
  if (softwareExpected) Object.assign(process.env, softwareEnvironment());
}

// A test run about to start in; fresh generated modules and the software adapter's environment for every worker out, and behind the last
// test the word of a second compiler on the shaders that they made.

import { fileURLToPath } from "node:url";
import { generate } from "../../scripts/generate.mjs";
import { softwareEnvironment, softwareExpected } from "../../scripts/software.mjs";
import { beginToKeep, refusedByNaga } from "./naga.js";
import type { KeptShader } from "./naga.js";

/** The Vulkan loader reads its environment when a process starts, so it must stand before the workers are forked. */
export default async function setup(): Promise<() => void> {
  await generate(fileURLToPath(new URL("../..", import.meta.url)));
  if (softwareExpected) Object.assign(process.env, softwareEnvironment());
  const kept = beginToKeep();
  return () => {
    tellOfNaga(kept());
  };
}

/** Ends the run as failed where naga refuses a shader, or does not run where it must. */
function tellOfNaga(shaders: readonly KeptShader[]): void {
  if (shaders.length === 0) return;
  const begin = performance.now();
  const refused = refusedByNaga(shaders);
  if (refused === undefined) {
    const text = `naga did not look at ${shaders.length} shaders: it comes with npm's deno (npm ci), and wants an adapter`;
    tell(softwareExpected, text);
    return;
  }
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  console.log(
    `naga takes ${shaders.length - refused.length} of ${shaders.length} shaders (${seconds} s)`,
  );
  const [first] = refused;
  if (first === undefined) return;
  const { of, message, code } = first;
  tell(true, `naga refuses ${refused.length} shaders, the first in ${of}: ${message}\n${code}`);
}

/** What is thrown here would be printed, and the run would have passed. */
function tell(isFailure: boolean, text: string): void {
  console.error(text);
  if (isFailure) process.exitCode = 1;
}

// The programs of the workloads in; their bundles out, made by the command of this checkout and imported by the contestants.

import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const bench = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const command = join(dirname(bench), "build/command/main.js");

/** Programs of workloads: those of the same network share one. */
const programs = { w4b1: "w1", w4b256: "w1" };

export function programOf(workload) {
  return programs[workload] ?? workload;
}

/** Compiles anew; throws an Error with what the command said. */
export function compileBundle(program, output, ...options) {
  const source = join(bench, "programs", `${program}.nn`);
  try {
    execFileSync(process.execPath, [command, "compile", source, "-o", output, ...options], {
      stdio: ["ignore", "ignore", "pipe"],
      encoding: "utf8",
    });
  } catch (error) {
    const said = (error.stderr ?? error.message).trim();
    throw new Error(said.split("\n").slice(0, 4).join("\n"), { cause: error });
  }
}

/** The model of a bundle that lies in `folder`. */
export async function importModel(folder, program, entry) {
  const file = entry === "training" ? `${program}.train.js` : `${program}.js`;
  const module = await import(pathToFileURL(join(folder, file)).href);
  return module[program.toUpperCase()];
}

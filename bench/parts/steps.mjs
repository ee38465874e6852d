// Workloads, contestants and rounds in; what a step of each takes out: each in a process of its own, one after the other.

import { join } from "node:path";
import { runChild } from "../children.mjs";
import { compileBundle, programOf } from "../contestants/nnc/bundles.mjs";

export async function measureSteps(options) {
  const { workloads, contestants, rounds, folder, say } = options;
  const results = Object.fromEntries(workloads.map((workload) => [workload, {}]));
  const refused = contestants.some((name) => name.startsWith("nnc"))
    ? compilePrograms(workloads, folder)
    : {};
  for (let round = 1; round <= rounds; round++) {
    for (const workload of workloads) {
      for (const contestant of contestants) {
        const known = (results[workload][contestant] ??= []);
        // What failed once would fail again, and take its time.
        if (known.some(({ error }) => error)) continue;
        const ours = contestant.startsWith("nnc") ? refused[programOf(workload)] : undefined;
        const measured = ours ? { error: ours } : await measureOne(workload, contestant, options);
        known.push(measured);
        say(`round ${round}, ${workload}, ${contestant}: ${words(measured)}`);
      }
    }
  }
  return results;
}

function words({ error, wall, processor }) {
  return error?.split("\n")[0] ?? `${wall.toFixed(2)} ms, ${processor.toFixed(2)} of processors`;
}

/** Compiles our programs; what the compiler refuses is a result too. */
function compilePrograms(workloads, folder) {
  const refused = {};
  for (const program of new Set(workloads.map(programOf))) {
    try {
      // Steps run on the software adapter unless asked for another: what a bundle for it has.
      compileBundle(program, join(folder, program), "--software");
    } catch (error) {
      refused[program] = error.message;
    }
  }
  return refused;
}

function measureOne(workload, contestant, { seconds, timeout, folder, environment }) {
  const bundles = join(folder, programOf(workload));
  const given = [contestant, workload, String(seconds), bundles];
  return runChild("measure.mjs", given, { timeout, environment });
}

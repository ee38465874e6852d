// Names of large programs and rounds in; how long the compiler takes for each, in a process of its own, out.

import { runChild } from "../children.mjs";

export async function measureCompiling({ programs, rounds, timeout, say }) {
  const results = Object.fromEntries(programs.map((name) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const name of programs) {
      if (results[name].some(({ error }) => error)) continue;
      const measured = await runChild("compileTime.mjs", [name], { timeout });
      results[name].push(measured);
      const seconds = (ms) => (ms / 1000).toFixed(2);
      say(
        `round ${round}, compile ${name}: ` +
          (measured.error ??
            `${seconds(measured.wall)} s, ${seconds(measured.processor)} of processors`),
      );
    }
  }
  return results;
}

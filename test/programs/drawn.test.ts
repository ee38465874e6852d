// Programs that draw all their data in; that they learn what cannot be learnt by chance, or without what they are examples of, out.

import { describe, expect, it } from "vitest";
import type { TrainingNet } from "../../runtime/index.js";
import { open } from "../support/compiled.js";
import { checksDerivatives, learns, program } from "./learning.js";

/** The loss of examples that are drawn anew: chance is log 2 = 0.693 of two classes. */
async function trained(net: TrainingNet, steps: number): Promise<number> {
  await net.fit({}, { steps });
  const { loss } = await net.evaluate({}, { examples: 2048 });
  return loss;
}

describe("curriculum.nn", () => {
  // Smaller than the file's, as is the training.
  const set = { n: 16, hidden: 128 };
  const steps = 400;
  checksDerivatives("curriculum.nn", set);
  learns(program("curriculum.nn", set), async (net) => {
    expect(await trained(net, steps)).toBeLessThan(0.55);
  });

  it("learns little of bits that are even from the start", async () => {
    const net = await open(program("curriculum.nn", { ...set, first: 0.5 }), "f32");
    expect(await trained(net, steps)).toBeGreaterThan(0.62);
    net.destroy();
  });
});

describe("parity.nn at twelve bits", () => {
  const set = { n: 12, hidden: 128, spread: 2 };
  checksDerivatives("parity.nn", set);
  learns(program("parity.nn", set), async (net) => {
    expect(await trained(net, 1000)).toBeLessThan(0.25);
  });
});

describe("dqn.nn", () => {
  /** The world once more: rows from the top, columns from the left. */
  const world = ["......", ".####.", "....#.", "###.#.", "....##", ".##..G"].join("");
  const neighbours = (cell: number): number[] =>
    [-6, 6, -1, 1].map((move) => {
      const next = cell + move;
      const turnsRow = Math.abs(move) === 1 && Math.floor(next / 6) !== Math.floor(cell / 6);
      const open = next >= 0 && next < 36 && !turnsRow && world[next] !== "#";
      return open ? next : cell;
    });
  const cell = Uint32Array.from({ length: 36 }, (_, at) => at);
  const goal = 35;

  /** How many moves are left by the shortest way. */
  const distances = ((): number[] => {
    const found = Array.from({ length: 36 }, (_, at) => (at === goal ? 0 : Infinity));
    for (let round = 0; round < 36; round++)
      for (const at of cell)
        if (at !== goal)
          found[at] = 1 + Math.min(...neighbours(at).map((next) => found[next] ?? Infinity));
    return found;
  })();

  checksDerivatives("dqn.nn");
  learns(program("dqn.nn"), async (net) => {
    expect(await trained(net, 1300)).toBeLessThan(0.05);
    const found = await net.predict({ cell }, { outputs: ["best", "reached"] });
    const { best, reached } = found as { best: Int32Array; reached: Int32Array };
    expect([...reached]).toEqual([...cell].map(() => goal));
    // By the shortest way, from every cell: 18 moves from the corner that a wall parts from the goal.
    expect(distances[23]).toBe(18);
    for (const at of cell) {
      const next = neighbours(at)[best[at] ?? 0] ?? at;
      if (at !== goal) expect(distances[next], `from ${at}`).toBe((distances[at] ?? 0) - 1);
    }
  });
});

// Networks of a hundred convolutions in; that shortcuts let them learn what a plain chain of the same layers does not, out.

import { expect, it } from "vitest";
import type { TrainingNet } from "../../runtime/index.js";
import { open } from "../support/compiled.js";
import { checksDerivatives, learns, program } from "./learning.js";

async function lossAfter(net: TrainingNet, steps: number): Promise<number> {
  await net.fit({}, { steps });
  const { loss } = await net.evaluate({}, { examples: 256 });
  return loss;
}

/** That of guessing: log 4. */
const chance = 1.386;

checksDerivatives("deep.nn", { layers: 6 });

const deep = program("deep.nn", { layers: 100 });
learns(deep, async (net) => {
  expect(await lossAfter(net, 50)).toBeLessThan(0.5);
});

it.each([
  { layers: 10, learnt: true },
  { layers: 100, learnt: false },
])("a plain chain of $layers layers learns: $learnt", async ({ layers, learnt }) => {
  const net = await open(program("deep.nn", { layers, shortcuts: false }), "f32");
  const loss = await lossAfter(net, 100);
  if (learnt) expect(loss).toBeLessThan(chance - 0.2);
  else expect(loss).toBeGreaterThan(chance - 0.02);
  net.destroy();
});

// The encoder–decoder in; that it writes strings backwards from its own output, out.

import { expect } from "vitest";
import { generator } from "../support/sampleValues.js";
import { checksDerivatives, learns, program } from "./learning.js";

const longest = 6;
const strings = ((): number[][] => {
  const next = generator(3);
  return Array.from({ length: 100 }, () =>
    Array.from({ length: 2 + Math.floor(5 * next()) }, () => 1 + Math.floor(8 * next())),
  );
})();
const padded = (letters: readonly number[], length: number): number[] => [
  ...letters,
  ...Array<number>(length - letters.length).fill(0),
];

checksDerivatives("reverse.nn", { units: 4 });

learns(program("reverse.nn"), async (net) => {
  await net.fit({}, { steps: 80 });
  const { loss } = await net.evaluate({}, { examples: 200 });
  const length = strings.map((letters) => letters.length);
  const letter = {
    data: strings.flatMap((letters) => padded(letters, longest)),
    shape: [strings.length, longest],
  };
  const { written } = await net.predict({ length, letter }, { outputs: ["written"] });
  const symbols = Array.from(written as Int32Array);
  const right = strings.filter((letters, at) => {
    const own = symbols.slice(at * (longest + 1), (at + 1) * (longest + 1));
    return own.join() === padded([...letters].reverse(), longest + 1).join();
  });
  // That of guessing is near 2.
  expect(loss).toBeLessThan(0.25);
  expect(right.length / strings.length).toBeGreaterThan(0.6);
});

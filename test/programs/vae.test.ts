// The variational autoencoder and images of one spot each in; that it finds them again from its codes, and draws others that could be of them, out.

import { expect } from "vitest";
import { generator } from "../support/sampleValues.js";
import { checksDerivatives, learns, program } from "./learning.js";

const pixels = 64;

/** A round spot anywhere, 16 in its middle. */
function spot(row: number, column: number): number[] {
  return Array.from({ length: pixels }, (_, at) => {
    const distance = (Math.floor(at / 8) - row) ** 2 + ((at % 8) - column) ** 2;
    return 16 * Math.exp(-distance / 4);
  });
}

const next = generator(8);
const image = Array.from({ length: 256 }, () => spot(1 + 5 * next(), 1 + 5 * next())).flat();

/** The mean square of what tells a picture from the spot that is most like it, on a fine grid. */
function strangeness(picture: readonly number[]): number {
  const places = Array.from({ length: 15 }, (_, at) => at / 2);
  const differences = places.flatMap((row) =>
    places.map((column) => {
      const like = spot(row, column);
      return picture.reduce((sum, value, at) => sum + (value - (like[at] ?? 0)) ** 2, 0) / pixels;
    }),
  );
  return Math.min(...differences);
}

checksDerivatives("vae.nn", { hidden: 8 });

learns(program("vae.nn"), async (net) => {
  const before = (await net.evaluate({ image })).loss;
  await net.fit({ image }, { epochs: 60 });
  const { loss, losses } = await net.evaluate({ image });
  const { sample } = await net.predict({}, { outputs: ["sample"], batch: 32, seed: 3 });
  const drawn = Array.from(sample as Float32Array);
  const strange = Array.from({ length: 32 }, (_, at) =>
    strangeness(drawn.slice(pixels * at, pixels * (at + 1))),
  );
  const average = Array.from({ length: pixels }, (_, at) => {
    const values = image.filter((_, index) => index % pixels === at);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  });
  expect(before).toBeGreaterThan(44);
  expect(loss).toBeLessThan(24);
  // Codes that say nothing would cost nothing.
  expect(losses["divergence"]).toBeGreaterThan(1.5);
  // A net without codes draws what all images are on average.
  const median = strange.sort((a, b) => a - b)[16];
  expect(median).toBeLessThan(0.4 * strangeness(average));
});

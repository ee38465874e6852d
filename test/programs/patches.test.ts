// The vision transformer and images of four figures in; that it tells figures apart in images that it never saw, out.

import { describe, expect, it } from "vitest";
import { describeGpu } from "../support/adapter.js";
import { open } from "../support/compiled.js";
import { generator } from "../support/sampleValues.js";
import { checksDerivatives, program } from "./learning.js";

const size = 16;
const edge = 7;

/** Whether a figure has ink at a place: a line across, a line down, both of them, a frame. */
const figures: readonly ((row: number, column: number) => boolean)[] = [
  (row) => row === 3,
  (_, column) => column === 3,
  (row, column) => row === 3 || column === 3,
  (row, column) => row % 6 === 0 || column % 6 === 0,
];

/** Each figure as often, anywhere in the image, under noise that is half as bright. */
function images(count: number, seed: number): { image: Float32Array; class: number[] } {
  const next = generator(seed);
  const image = Float32Array.from({ length: count * size * size }, () => 0.5 * Math.abs(next()));
  const place = (): number => Math.floor(Math.abs(next()) * (size - edge + 1));
  const classes = Array.from({ length: count }, (_, at) => at % 4);
  classes.forEach((of, at) => {
    const [top, left] = [place(), place()];
    for (let row = 0; row < edge; row++)
      for (let column = 0; column < edge; column++)
        if (figures[of]?.(row, column)) image[(at * size + top + row) * size + left + column] = 1;
  });
  return { image, class: classes };
}

/** The loss of images that are not trained on: chance is log 4 = 1.386. */
async function trained(backend: "f32" | "any adapter"): Promise<number> {
  const net = await open(program("vit.nn", { depth: 1 }), backend);
  await net.fit(images(480, 1), { epochs: 10 });
  const { loss } = await net.evaluate(images(200, 2));
  net.destroy();
  return loss;
}

describe("vit.nn", () => {
  checksDerivatives("vit.nn", { width: 8, heads: 2, depth: 1 });

  it("learns on the CPU", async () => {
    expect(await trained("f32")).toBeLessThan(0.9);
  });
  describeGpu("and on WebGPU", () => {
    it("learns", async () => {
      expect(await trained("any adapter")).toBeLessThan(0.9);
    });
  });
});

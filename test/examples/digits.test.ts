// The digits example's generator and its rasteriser in; what the model and the page rely on in them out.

import { describe, expect, it } from "vitest";
import { generateDigits, generateStrokes } from "../../examples/digits/generate.js";
import { drawStrokes, imageSize, placeStrokes } from "../../examples/digits/raster.js";
import { shapes } from "../../examples/digits/shapes.js";

const pixels = imageSize * imageSize;

function centreOfInk(image: ArrayLike<number>): readonly [number, number] {
  let mass = 0;
  let x = 0;
  let y = 0;
  for (let index = 0; index < pixels; index++) {
    const ink = image[index] ?? 0;
    mass += ink;
    x += ink * ((index % imageSize) + 0.5);
    y += ink * (Math.floor(index / imageSize) + 0.5);
  }
  return [x / mass, y / mass];
}

describe("drawn digits", () => {
  it("are the same for the same seed, and others for another", () => {
    const first = generateDigits(3, 40);
    expect(generateDigits(3, 40)).toEqual(first);
    expect(generateDigits(4, 40).image).not.toEqual(first.image);
  });

  it("show every digit equally often, each with ink on paper", () => {
    const { image, digit } = generateDigits(5, 200);
    const counts = Array.from({ length: 10 }, (_, wanted) =>
      digit.reduce((count, found) => count + Number(found === wanted), 0),
    );
    expect(counts).toEqual(Array.from({ length: 10 }, () => 20));
    for (let index = 0; index < 200; index++) {
      const one = image.subarray(index * pixels, (index + 1) * pixels);
      const dark = one.reduce((count, grey) => count + Number(grey > 128), 0);
      expect(dark).toBeGreaterThan(10);
      expect(dark).toBeLessThan(pixels / 2);
    }
  });

  it("come as strokes that fit the page's sheet", () => {
    for (let digit = 0; digit < 10; digit++) {
      const points = generateStrokes(digit, digit).flat();
      expect(points.length).toBeGreaterThan(1);
      for (const place of points.flat()) {
        expect(place).toBeGreaterThan(0);
        expect(place).toBeLessThan(1);
      }
    }
  });

  it("have every way of writing inside its box", () => {
    expect(shapes).toHaveLength(10);
    const points = shapes.flatMap((ways) => ways.flatMap(({ strokes }) => strokes.flat()));
    for (const [x, y] of points) {
      expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
      expect(Math.max(x, y)).toBeLessThanOrEqual(1);
    }
  });
});

describe("a drawing", () => {
  it("comes to the middle by its mass, wherever and however large it was drawn", () => {
    const corner: [number, number][][] = [
      [
        [0.7, 0.1],
        [0.7, 0.4],
        [0.9, 0.4],
      ],
    ];
    const large = corner.map((stroke) =>
      stroke.map(([x, y]): [number, number] => [900 * x - 500, 900 * y]),
    );
    const image = drawStrokes(placeStrokes(corner));
    const [x, y] = centreOfInk(image);
    expect(x).toBeCloseTo(14, 0);
    expect(y).toBeCloseTo(14, 0);
    for (const [index, grey] of drawStrokes(placeStrokes(large)).entries()) {
      expect(grey).toBeCloseTo(image[index] ?? 0, 4);
    }
  });

  it("has soft edges: a line of whole width covers half of the pixels at its edge", () => {
    const line: [number, number][] = [
      [4, 14],
      [24, 14],
    ];
    const image = drawStrokes([line], { radius: 1.5 });
    const column = Array.from({ length: 6 }, (_, row) => image[(11 + row) * imageSize + 14]);
    expect(column).toEqual([0, 0.5, 1, 1, 0.5, 0]);
  });

  it("stays a dot where it is one, and nothing where there is none", () => {
    const image = drawStrokes(placeStrokes([[[0.2, 0.3]]], { smallest: 0.2 }));
    expect(image.reduce((sum, grey) => sum + grey, 0)).toBeLessThan(12);
    expect(image[14 * imageSize + 14]).toBeGreaterThan(0.9);
    expect(placeStrokes([])).toEqual([]);
  });
});

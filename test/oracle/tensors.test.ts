// Tensors of free sizes and matrices at the edge of what is solved in; what the library's tensor functions make of them out.

import { expect, it } from "vitest";
import { compileOne, open } from "../support/compiled.js";
import { generator } from "../support/sampleValues.js";

function random(count: number): number[] {
  const next = generator(count);
  return Array.from({ length: count }, () => 2 * next() - 1);
}

it("tiles, pads and samples of free sizes", async () => {
  const model = compileOne(`model M {
    input x: [batch, height, width, 2]
    row = -1 + 2 * range(height) / (height - 1)
    column = -1 + 2 * range(width) / (width - 1)
    places = zeros([batch, height, width, 2]) + stack([zeros([height, width]) + column, zeros([height, width]) + row[:, new]], axis: -1)
    output same = grid_sample(x, places, align_corners: true)
    output turned = grid_sample(x, -places, mode: "nearest", align_corners: true)
    output copies = tile(x, [1, 2, 1, 1])
    output framed = pad(x, [[0, 0], [1, 0], [0, 0], [0, 0]], mode: "reflect")
  }`);
  const net = await open(model, "f64", { seed: 1 });
  const data = random(2 * 3 * 4 * 2);
  const found = await net.predict({ x: { data, shape: [2, 3, 4, 2] } });
  const list = (name: string): number[] => [...(found[name] ?? [])];
  list("same").forEach((value, n) => {
    expect(value).toBeCloseTo(data[n] ?? NaN, 10);
  });
  const [size, row] = [3 * 4 * 2, 4 * 2];
  const images = [data.slice(0, size), data.slice(size)];
  const pixels = images.flatMap((image) =>
    [...Array(12).keys()].reverse().flatMap((pixel) => image.slice(2 * pixel, 2 * pixel + 2)),
  );
  expect(list("turned")).toEqual(pixels);
  expect(list("copies")).toEqual(images.flatMap((image) => [...image, ...image]));
  expect(list("framed")).toEqual(
    images.flatMap((image) => [...image.slice(row, 2 * row), ...image]),
  );
  net.destroy();
});

it("takes the even one of two pixels that are as near", async () => {
  const model = compileOne(`model M {
    input x: [batch, 1, 3, 1]
    output y = grid_sample(x, stack([[-0.5, 0.5], [0, 0]], axis: -1) + zeros([batch, 2, 2]), mode: "nearest", align_corners: true)
  }`);
  const net = await open(model, "f64");
  const { y = [] } = await net.predict({ x: [5, 6, 7] });
  expect([...y]).toEqual([5, 7]);
  net.destroy();
});

it("refuses a free axis that is shorter than its mirror image", async () => {
  const model = compileOne(`model M {
    input x: [batch, time]
    output y = pad(x, [[0, 0], [2, 0]], mode: "reflect")
  }`);
  const net = await open(model, "f64", { seed: 1 });
  await expect(net.predict({ x: { data: [1, 2], shape: [1, 2] } })).rejects.toThrow(/time/);
  net.destroy();
});

it("solves many equations, one, and says of singular ones that they have no solution", async () => {
  const n = 20;
  const net = await open(
    compileOne(`model M {
      input A: [batch, ${n}, ${n}]
      input b: [batch, ${n}, 1]
      output x = solve(A, b)
      output one = solve(A[:, :1, :1], b[:, :1])
      output root = cholesky(A[:, :1, :1] ^ 2)
      output none = solve(A[:, :2, :2] * 0, b[:, :2])
    }`),
    "f64",
    { seed: 1 },
  );
  const [A, b] = [random(n * n), random(n)];
  const found = await net.predict({
    A: { data: A, shape: [1, n, n] },
    b: { data: b, shape: [1, n, 1] },
  });
  const x = [...(found["x"] ?? [])];
  b.forEach((wanted, row) => {
    const sum = x.reduce((total, value, column) => total + value * (A[row * n + column] ?? 0), 0);
    expect(sum).toBeCloseTo(wanted, 9);
  });
  expect(found["one"]?.[0]).toBeCloseTo((b[0] ?? 0) / (A[0] ?? 0), 12);
  expect(found["root"]?.[0]).toBeCloseTo(Math.abs(A[0] ?? 0), 12);
  expect([...(found["none"] ?? [])].some(Number.isFinite)).toBe(false);
  net.destroy();
});

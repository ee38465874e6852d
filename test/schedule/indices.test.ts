// Indices of a nest in; that equal sums and products are one scalar, and what divisions leave of them, out.

import { expect, it } from "vitest";
import { createScalarBuilder } from "../../compiler/schedule/scalars.js";
import { freeDim, multiplyDims } from "../../compiler/types/dimension.js";

const k = createScalarBuilder();
const batch = freeDim("batch");
const i = k.axis({ id: 0, extent: 6 });
const j = k.axis({ id: 1, extent: 8 });
const example = k.axis({ id: 2, extent: batch });
const eight = k.index(8);

it("are one scalar however they were put together", () => {
  const position = k.add(k.multiply(i, eight), j);
  expect(k.add(j, k.multiply(eight, i))).toBe(position);
  expect(k.subtract(k.add(k.index(3), k.add(position, example)), k.index(3))).toBe(
    k.add(example, position),
  );
  expect(k.multiply(k.add(i, k.index(2)), eight)).toBe(k.add(k.multiply(i, eight), k.index(16)));
  expect(k.subtract(position, position)).toBe(k.index(0));
  const stride = k.dim(multiplyDims(batch, 4));
  expect(k.multiply(k.multiply(i, k.dim(batch)), k.index(4))).toBe(k.multiply(i, stride));
});

it("are divided where that shows, in whatever order their terms were added", () => {
  const position = k.add(j, k.multiply(i, eight));
  expect(k.divide(position, eight)).toBe(i);
  expect(k.modulo(position, eight)).toBe(j);
  expect(k.divide(k.add(position, k.index(16)), eight)).toBe(k.add(i, k.index(2)));
  const flat = k.add(k.multiply(i, k.dim(batch)), example);
  expect(k.divide(flat, k.dim(batch))).toBe(i);
  expect(k.modulo(flat, k.dim(batch))).toBe(example);
  expect(k.divide(flat, eight)).toMatchObject({ op: "divide" });
});

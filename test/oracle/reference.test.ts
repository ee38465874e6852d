// The reference's values come in; they must agree with numbers from elsewhere: PyTorch's, tables, and laws of adjoints.

import { countOf } from "../../runtime/dimensions.js";
import { describe, expect, it } from "vitest";
import { readRecords, tensorOf } from "./records.js";
import { type Tensor, erf, erfinv, reference } from "./reference.js";

function vector(...data: readonly number[]): Tensor {
  return { data, shape: [data.length] };
}

/** Reproducible numbers between -1 and 1. */
function sample(shape: readonly number[], seed = 1): Tensor {
  let state = seed;
  const count = countOf(shape);
  const data = Array.from({ length: count }, () => {
    state = (state * 48271) % 2147483647;
    return state / 1073741823.5 - 1;
  });
  return { data, shape };
}

function dot(a: Tensor, b: Tensor): number {
  expect(a.shape).toEqual(b.shape);
  return [...a.data].reduce((sum, value, i) => sum + value * (b.data[i] ?? NaN), 0);
}

describe("special functions", () => {
  it.each([
    [0.001, 0.0011283787909692363],
    [0.5, 0.5204998778130465],
    [1.9999, 0.9953201979070294],
    [2, 0.9953222650189527],
    [-2.5, -0.999593047982555],
    [4, 0.9999999845827421],
    [30, 1],
  ])("erf(%f)", (x, y) => {
    expect(Math.abs(erf(x) - y)).toBeLessThan(1e-14);
  });

  it.each([
    [1e-6, 8.862269254529899e-7],
    [-0.1, -0.08885599049425769],
    [0.5, 0.4769362762044699],
    [0.9544997361036416, 1.4142135623730951],
    [0.99, 1.8213863677184496],
    [0.999999, 3.458910737275499],
    [1, Infinity],
  ])("erfinv(%f)", (y, x) => {
    const found = erfinv(y);
    if (Number.isFinite(x)) expect(Math.abs(found / x - 1)).toBeLessThan(1e-14);
    else expect(found).toBe(x);
  });
});

describe("pointwise", () => {
  it("rounds to even, takes the divisor's sign, broadcasts", () => {
    const rounded = reference.round([vector(0.5, 1.5, 2.5, -0.5, -1.5, 2.4, -2.6)]);
    expect([...rounded.data].map((value) => value + 0)).toEqual([0, 2, 2, 0, -2, 2, -3]);
    expect(reference.modulo([vector(-7, 7, 5), vector(3, -3, 3)]).data).toEqual([2, -2, 2]);
    const column = { data: [1, 2], shape: [2, 1] };
    expect(reference.add([column, vector(10, 20, 30)])).toEqual({
      data: [11, 21, 31, 12, 22, 32],
      shape: [2, 3],
    });
    expect(reference.select([vector(1, 0), vector(5, 6), vector(7, 8)]).data).toEqual([5, 8]);
  });
});

const matrix: Tensor = { data: [3, 1, 3, 0, 5, 5], shape: [2, 3] };

describe("reductions", () => {
  it("reduces over named axes and finds the first extreme", () => {
    expect(reference.sum([matrix], { axes: [0] }).data).toEqual([3, 6, 8]);
    expect(reference.mean([matrix], { axes: [-1], keep: true }).shape).toEqual([2, 1]);
    expect(reference.max([matrix], {}).data).toEqual([5]);
    expect(reference.argmax([matrix], { axis: 1 }).data).toEqual([0, 1]);
    expect(reference.argmin([matrix], { axis: 0 }).data).toEqual([1, 0, 0]);
    expect(reference.cumsum([matrix], { axis: 1 }).data).toEqual([3, 4, 7, 0, 5, 10]);
    expect(reference.cumsum([matrix], { axis: 1, reverse: true }).data).toEqual([
      7, 4, 3, 10, 10, 5,
    ]);
  });
});

describe("views", () => {
  it("moves entries", () => {
    expect(reference.transpose([matrix], { permutation: [1, 0] }).data).toEqual([3, 0, 1, 5, 3, 5]);
    expect(reference.flip([matrix], { axes: [-1] }).data).toEqual([3, 1, 3, 5, 5, 0]);
    const how = { before: [0, 1], after: [1, 0], interior: [0, 1], value: 9 };
    expect(reference.pad([matrix], how)).toEqual({
      data: [9, 3, 9, 1, 9, 3, 9, 0, 9, 5, 9, 5, 9, 9, 9, 9, 9, 9],
      shape: [3, 6],
    });
    const strided = { starts: [0, 0], counts: [2, 2], steps: [1, 2] };
    expect(reference.slice([matrix], strided).data).toEqual([3, 3, 0, 5]);
    expect(reference.concat([matrix, matrix], { axis: 0 }).shape).toEqual([4, 3]);
    expect(reference.stack([vector(1, 2), vector(3, 4)], { axis: 1 }).data).toEqual([1, 3, 2, 4]);
    expect(reference.split([matrix], { count: 3, axis: 1, index: 2 }).data).toEqual([3, 5]);
  });
});

describe("indices", () => {
  it("gathers, clamps, marks and sorts", () => {
    const indices = { data: [2, 0, 7, -1], shape: [2, 2] };
    expect(reference.take([vector(5, 6, 7), indices], { axis: 0 }).data).toEqual([7, 5, 7, 5]);
    expect(reference.take([matrix, vector(2, 1)], { axis: 1, batchAxes: 1 }).data).toEqual([3, 5]);
    expect(reference.oneHot([vector(1, 3)], { count: 3 }).data).toEqual([0, 1, 0, 0, 0, 0]);
    expect(reference.sort([matrix], { part: "indices" }).data).toEqual([1, 0, 2, 0, 1, 2]);
    expect(reference.topK([matrix], { k: 2 }).data).toEqual([3, 3, 5, 5]);
    expect(reference.topK([matrix], { k: 2, part: "indices" }).data).toEqual([0, 2, 1, 2]);
  });

  it("scatters back what take read", () => {
    const x = sample([3, 4, 2]);
    const indices = { data: [1, 1, 3, 0, 2, 2], shape: [3, 2] };
    const how = { axis: 1, batchAxes: 1 };
    const taken = reference.take([x, indices], how);
    const g = sample(taken.shape, 5);
    expect(dot(taken, g)).toBeCloseTo(
      dot(x, reference.scatterAdd([g, indices], { ...how, extent: 4 })),
      12,
    );
  });
});

describe("products", () => {
  it("multiplies matrices with batch axes and vectors", () => {
    const [a, b] = [sample([2, 1, 2, 3]), sample([4, 3, 2], 3)];
    const product = reference.matmul([a, b], {});
    expect(product.shape).toEqual([2, 4, 2, 2]);
    const expected = [0, 1, 2].reduce(
      (sum, i) => sum + (a.data[6 + i] ?? NaN) * (b.data[6 + 2 * i] ?? NaN),
      0,
    );
    expect(product.data[(1 * 4 + 1) * 4]).toBeCloseTo(expected, 14);
    expect(reference.matmul([vector(1, 2), vector(3, 4)], {})).toEqual({ data: [11], shape: [] });
  });

  it("folds windows as their adjoint", () => {
    const x = sample([2, 7, 3]);
    const how = { axes: [1], sizes: [3], strides: [2], dilations: [2] };
    const windows = reference.window([x], how);
    expect(windows.shape).toEqual([2, 2, 3, 3]);
    const g = sample(windows.shape, 9);
    expect(dot(windows, g)).toBeCloseTo(dot(x, reference.fold([g], { ...how, extents: [7] })), 12);
  });

  it("contracts as a convolution does", () => {
    const [x, kernel] = [sample([1, 6, 2]), sample([3, 2, 4], 4)];
    const axis = (axis: number, coefficient = 1) => ({ axis, coefficient });
    const map = (...terms: { axis: number; coefficient: number }[]) => ({
      terms,
      offset: 0,
      divisor: 1,
    });
    const how = {
      extents: [1, 2, 4, 3, 2],
      outputRank: 3,
      left: [map(axis(0)), map(axis(1, 2), axis(3)), map(axis(4))],
      right: [map(axis(3)), map(axis(4)), map(axis(2))],
    };
    const direct = reference.conv([x, kernel], { stride: [2] });
    expect(reference.contract([x, kernel], how)).toEqual(direct);
  });
});

const layers = readRecords("layers");

/** The named arguments of a call such as `conv2d(3, kernel: 3, padding: "same")`. */
function named(call: string): Readonly<Record<string, unknown>> {
  const pairs = [...call.matchAll(/(\w+): ("\w+"|\d+|\[[^\]]*\])/g)];
  const entries = pairs.map(([, key, value]): [string, unknown] => [
    key ?? "",
    JSON.parse(value ?? "null"),
  ]);
  return Object.fromEntries(entries);
}

function listed(value: unknown, rank: number): number[] | undefined {
  if (typeof value === "number") return new Array<number>(rank).fill(value);
  return value === undefined ? undefined : (value as number[]);
}

function close(found: Tensor, expected: Tensor): void {
  expect(found.shape).toEqual(expected.shape);
  [...expected.data].forEach((value, i) => {
    expect(found.data[i]).toBeCloseTo(value, 7);
  });
}

describe("PyTorch's layers", () => {
  const plain = layers.filter(
    ({ name }) => /^conv\dd\(/.test(name) && !name.includes("activation"),
  );
  it.each(plain.map((record) => [record.name, record] as const))("%s", (name, record) => {
    const layer = name.slice(0, 6);
    const rank = Number(name.charAt(4));
    const how = named(name);
    const [stride, dilation] = [listed(how.stride, rank), listed(how.dilation, rank)];
    const attributes = {
      ...(stride === undefined ? {} : { stride }),
      ...(dilation === undefined ? {} : { dilation }),
      ...("groups" in how ? { groups: how.groups as number } : {}),
      ...("padding" in how ? { padding: how.padding as "same" | number } : {}),
    };
    const kernel = tensorOf(record.weights, `${layer}_1.W`);
    const product = reference.conv([tensorOf(record.inputs, "x"), kernel], attributes);
    const bias = record.weights[`${layer}_1.b`];
    close(
      bias === undefined ? product : reference.add([product, bias]),
      tensorOf(record.outputs, "y"),
    );
  });

  const pools = layers.filter(({ name }) => /^(max|mean)_pool/.test(name));
  it.each(pools.map((record) => [record.name, record] as const))("%s", (name, record) => {
    const how = named(name);
    const rank = Number(/(\d)d\(/.exec(name)?.[1]);
    const window = listed(JSON.parse(/\((\d+|\[[^\]]*\])/.exec(name)?.[1] ?? "null"), rank) ?? [];
    const attributes = {
      window,
      stride: listed(how.stride, rank) ?? window,
      ...("padding" in how ? { padding: how.padding as "same" | number } : {}),
    };
    const op = name.startsWith("max") ? reference.windowMax : reference.windowMean;
    close(op([tensorOf(record.inputs, "x")], attributes), tensorOf(record.outputs, "y"));
  });
});

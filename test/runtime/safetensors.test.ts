// In: good, hand-broken and byte-flipped safetensors files; out: that each is read exactly or refused with its code.
import { describe, expect, test } from "vitest";
import { NnError } from "../../runtime/errors.js";
import {
  halfToNumber,
  problemOf,
  readSafetensors,
  tensorBytes,
  tensorFloats,
  tensorValues,
  writeSafetensors,
} from "../../runtime/safetensors.js";
import type { SafetensorsDtype, SafetensorsTensor } from "../../runtime/safetensors.js";

function file(header: string, data: readonly number[] = []): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

function codeOf(bytes: Uint8Array): string {
  try {
    readSafetensors(bytes);
    return "read";
  } catch (error) {
    const problem = problemOf(error);
    if (problem === undefined) throw error;
    return problem;
  }
}

function floats(values: readonly number[], shape: readonly number[]): SafetensorsTensor {
  return { dtype: "F32", shape, data: tensorBytes(Float32Array.from(values)) };
}

const four = [0, 0, 128, 63];

describe("round trip", () => {
  const tensors = new Map<string, SafetensorsTensor>([
    ["b", floats([1, 2, 3, 4, 5, 6], [2, 3])],
    ["a", floats([-1], [])],
    ["none", floats([], [0, 4])],
    ["flag", { dtype: "BOOL", shape: [3], data: Uint8Array.of(1, 0, 1) }],
    ["wide", { dtype: "I64", shape: [1], data: tensorBytes(BigInt64Array.of(-5n)) }],
    ['quote " \\ and é', { dtype: "U16", shape: [1], data: Uint8Array.of(1, 2) }],
  ]);
  const bytes = writeSafetensors(tensors, { z: "last", a: "first" });

  test("gives every tensor and the metadata back", () => {
    const read = readSafetensors(bytes);
    expect(read.metadata).toEqual({ z: "last", a: "first" });
    expect(read.tensors.size).toBe(tensors.size);
    for (const [name, tensor] of tensors) {
      expect(read.tensors.get(name)?.shape).toEqual(tensor.shape);
      expect([...(read.tensors.get(name)?.data ?? [])]).toEqual([...tensor.data]);
    }
  });

  test("is deterministic, aligned to 8 and padded with spaces", () => {
    const backwards = new Map([...tensors].reverse());
    expect(writeSafetensors(backwards, { a: "first", z: "last" })).toEqual(bytes);
    const length = new DataView(bytes.buffer).getUint32(0, true);
    expect(length % 8).toBe(0);
    const header = new TextDecoder().decode(bytes.subarray(8, 8 + length));
    expect(header.trimEnd().endsWith("}")).toBe(true);
    expect(header.slice(header.trimEnd().length)).toMatch(/^ *$/);
  });

  test("reads a file that lies unaligned in its buffer", () => {
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    const { tensors: read } = readSafetensors(shifted.subarray(1));
    const b = read.get("b");
    expect(b && [...tensorFloats(b)]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("keeps names that JavaScript objects treat in their own way", () => {
    const odd = new Map([
      ["10", floats([1], [1])],
      ["9", floats([2], [1])],
      ["__proto__", floats([3], [1])],
    ]);
    expect([...readSafetensors(writeSafetensors(odd)).tensors.keys()]).toEqual([...odd.keys()]);
  });

  test("refuses to write data that do not fill their shape", () => {
    expect(() => writeSafetensors(new Map([["a", floats([1, 2], [3])]]))).toThrow(NnError);
  });
});

describe("element types", () => {
  const cases: [SafetensorsDtype, number[], number[]][] = [
    ["F64", [0, 0, 0, 0, 0, 0, 248, 63], [1.5]],
    ["F16", [0, 62, 1, 0, 0, 252], [1.5, 2 ** -24, -Infinity]],
    ["BF16", [192, 63, 0, 192], [1.5, -2]],
    ["I64", [255, 255, 255, 255, 255, 255, 255, 255], [-1]],
    ["U64", [7, 0, 0, 0, 0, 0, 0, 0], [7]],
    ["I32", [254, 255, 255, 255], [-2]],
    ["U32", [255, 0, 0, 0], [255]],
    ["I16", [255, 255], [-1]],
    ["U16", [255, 255], [65535]],
    ["I8", [255], [-1]],
    ["U8", [255], [255]],
    ["BOOL", [1, 0], [1, 0]],
  ];
  test.each(cases)("%s reads as numbers", (dtype, data, numbers) => {
    const tensor = { dtype, shape: [numbers.length], data: Uint8Array.from(data) };
    expect([...tensorFloats(tensor)]).toEqual(numbers);
    expect([...tensorValues(tensor)].map(Number)).toEqual(numbers);
    const read = readSafetensors(writeSafetensors(new Map([["x", tensor]]))).tensors.get("x");
    expect(read && [...tensorFloats(read)]).toEqual(numbers);
  });
  test("half precision at its edges", () => {
    expect(halfToNumber(0x7bff)).toBe(65504);
    expect(halfToNumber(0x7e00)).toBeNaN();
    expect(Object.is(halfToNumber(0x8000), -0)).toBe(true);
    expect(halfToNumber(0x0400)).toBe(2 ** -14);
  });
});

describe("bad files", () => {
  const x = '"dtype":"F32","shape":[1],"data_offsets":[0,4]';
  const bad: [string, string, Uint8Array][] = [
    ["an empty file", "truncated", new Uint8Array(0)],
    ["seven bytes", "truncated", new Uint8Array(7)],
    ["a header longer than the file", "truncated", Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 123)],
    ["a header of exabytes", "header-size", new Uint8Array(16).fill(255)],
    ["a header over 100 MB", "header-size", Uint8Array.of(1, 225, 245, 5, 0, 0, 0, 0)],
    ["no JSON", "header", file("{")],
    ["a list", "header", file("[]")],
    ["a header that begins with a space", "header", file(" {}")],
    ["no UTF-8", "header", Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 123, 255, 125)],
    ["a duplicate name", "duplicate", file(`{"a":{${x}},"a":{${x}}}`, four)],
    ["a duplicate written with an escape", "duplicate", file(`{"a":{${x}},"\\u0061":{}}`, four)],
    ["a duplicate field", "duplicate", file(`{"a":{${x} ,"dtype" : "F32"}}`, four)],
    ["metadata that is a number", "metadata", file('{"__metadata__":{"a":1}}')],
    ["an unknown element type", "dtype", file(`{"a":{${x.replace("F32", "F31")}}}`, four)],
    ["an inherited element type", "dtype", file(`{"a":{${x.replace("F32", "toString")}}}`, four)],
    ["a negative size", "shape", file(`{"a":{${x.replace("[1]", "[-1]")}}}`, four)],
    ["a fraction of a size", "shape", file(`{"a":{${x.replace("[1]", "[0.5]")}}}`, four)],
    ["a huge size", "offsets", file(`{"a":{${x.replace("[1]", "[9007199254740991,8]")}}}`, four)],
    ["a shape that disagrees", "offsets", file(`{"a":{${x.replace("[1]", "[2]")}}}`, four)],
    ["offsets that run backwards", "offsets", file(`{"a":{${x.replace("0,4", "4,0")}}}`, four)],
    ["truncated data", "truncated", file(`{"a":{${x}}}`, [0, 0])],
    ["trailing bytes", "offsets", file(`{"a":{${x}}}`, [...four, 0])],
    ["an overlap", "offsets", file(`{"a":{${x}},"b":{${x}}}`, four)],
    [
      "a hole",
      "offsets",
      file(`{"a":{${x}},"b":{${x.replace("0,4", "8,12")}}}`, [...four, ...four, ...four]),
    ],
  ];
  test.each(bad)("%s is refused (%s)", (_what, code, bytes) => {
    expect(codeOf(bytes)).toBe(code);
  });

  test("values that repeat are no duplicates, and an unaligned header is read", () => {
    expect(codeOf(file(`{"__metadata__":{"a":"a","b":"a:"},"a":{${x}}}`, four))).toBe("read");
  });

  test("no flipped byte and no cut crashes the reader", () => {
    const good = writeSafetensors(
      new Map([
        ["a", floats([1, 2, 3], [3])],
        ["b", floats([4], [1])],
      ]),
      { note: "x" },
    );
    let state = 12345;
    const next = (limit: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state % limit;
    };
    for (let turn = 0; turn < 3000; turn++) {
      const bytes = good.slice(0, turn % 3 === 0 ? next(good.length) : good.length);
      for (let flips = 0; bytes.length > 0 && flips <= turn % 4; flips++)
        bytes[next(bytes.length)] = next(256);
      expect(() => codeOf(bytes)).not.toThrow();
    }
  });
});

// In: files of every format, whole, broken and byte-flipped; out: that they are read exactly or refused.
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { DataError } from "../../../cli/data/array.js";
import type { DataArray } from "../../../cli/data/array.js";
import { openData, parseDataArgument } from "../../../cli/data/source.js";
import { cutWindows, encodeText } from "../../../cli/data/text.js";
import { tensorBytes, writeSafetensors } from "../../../runtime/safetensors.js";
import { bytesOf, generator, idx, npy, temporaryFolder } from "./files.js";
import { readCsv, readIdx, readNpy, readNpz, readWhole } from "./reading.js";

const folder = temporaryFolder();

async function refusal(read: () => unknown): Promise<DataError> {
  try {
    await read();
  } catch (error) {
    if (error instanceof DataError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

function content(array: DataArray): unknown {
  return { dtype: array.dtype, shape: array.shape, data: [...array.data] };
}

describe("IDX", () => {
  const cases: [number, string, number[], number[]][] = [
    [0x08, "u8", [255, 1], [255, 1]],
    [0x09, "i8", [255, 1], [-1, 1]],
    [0x0b, "i16", [255, 254, 0, 1], [-2, 1]],
    [0x0c, "i32", [255, 255, 255, 253, 0, 0, 1, 0], [-3, 256]],
    [0x0d, "f32", [63, 192, 0, 0, 192, 0, 0, 0], [1.5, -2]],
    [0x0e, "f64", [63, 248, 0, 0, 0, 0, 0, 0, 192, 0, 0, 0, 0, 0, 0, 0], [1.5, -2]],
  ];
  test.each(cases)("type 0x%s (%s)", async (type, dtype, body, data) => {
    const array = await readIdx(idx(type, [2], body));
    expect(content(array)).toEqual({ dtype, shape: [2], data });
  });

  test("three axes", async () => {
    const body = [1, 2, 3, 4, 5, 6, 7, 8];
    expect((await readIdx(idx(8, [2, 2, 2], body))).shape).toEqual([2, 2, 2]);
  });

  test.each([
    ["an empty file", new Uint8Array(0), "idx-magic"],
    ["another magic number", Uint8Array.of(0, 0, 7, 1, 0, 0, 0, 0), "idx-magic"],
    ["a header cut short", Uint8Array.of(0, 0, 8, 3, 0, 0), "data-length"],
    ["a body cut short", idx(8, [3], [1, 2]), "data-length"],
    ["bytes left over", idx(8, [1], [1, 2]), "data-length"],
    ["terabytes", idx(0x0e, [4294967295, 4294967295], []), "data-size"],
  ])("%s is refused", async (_what, bytes, code) => {
    expect((await refusal(() => readIdx(bytes))).code).toBe(code);
  });
});

describe("npy", () => {
  const little: [string, ArrayBufferView, number[]][] = [
    ["|b1", Uint8Array.of(1, 0, 7), [1, 0, 1]],
    ["|i1", Int8Array.of(-1, 2), [-1, 2]],
    ["|u1", Uint8Array.of(255, 2), [255, 2]],
    ["<i2", Int16Array.of(-300, 2), [-300, 2]],
    ["<u2", Uint16Array.of(65535, 2), [65535, 2]],
    ["<i4", Int32Array.of(-70000, 2), [-70000, 2]],
    ["<u4", Uint32Array.of(4294967295, 2), [4294967295, 2]],
    ["<i8", BigInt64Array.of(-5n, 9007199254740991n), [-5, 9007199254740991]],
    ["<u8", BigUint64Array.of(5n, 6n), [5, 6]],
    ["<f2", Uint16Array.of(0x3e00, 0xc000), [1.5, -2]],
    ["<f4", Float32Array.of(1.5, -2), [1.5, -2]],
    ["<f8", Float64Array.of(0.1, -2), [0.1, -2]],
    ["=f4", Float32Array.of(1.5, -2), [1.5, -2]],
  ];
  test.each(little)("%s", async (descr, values, numbers) => {
    const bytes = npy(descr, [numbers.length], bytesOf(values));
    expect([...(await readNpy(bytes)).data]).toEqual(numbers);
  });
  test.each(little.filter(([descr]) => descr.startsWith("<")))(
    "big endian %s",
    async (descr, values, numbers) => {
      const body = bytesOf(values);
      const width = body.length / numbers.length;
      for (let at = 0; at < body.length; at += width) body.subarray(at, at + width).reverse();
      const bytes = npy(descr.replace("<", ">"), [numbers.length], body);
      expect([...(await readNpy(bytes)).data]).toEqual(numbers);
    },
  );
  test.each([1, 2, 3])("version %i", async (major) => {
    const bytes = npy("<f4", [2, 1], bytesOf(Float32Array.of(1, 2)), { major });
    expect(content(await readNpy(bytes))).toEqual({
      dtype: "f32",
      shape: [2, 1],
      data: [1, 2],
    });
  });
  test("Fortran order comes out row-major", async () => {
    // element [i, j, k] of shape [2, 3, 2] is 100 i + 10 j + k
    const shape = [2, 3, 2];
    const columnMajor: number[] = [];
    const rowMajor: number[] = [];
    for (let k = 0; k < 2; k++)
      for (let j = 0; j < 3; j++)
        for (let i = 0; i < 2; i++) columnMajor.push(100 * i + 10 * j + k);
    for (let i = 0; i < 2; i++)
      for (let j = 0; j < 3; j++) for (let k = 0; k < 2; k++) rowMajor.push(100 * i + 10 * j + k);
    const bytes = npy("<i4", shape, bytesOf(Int32Array.from(columnMajor)), { fortran: true });
    expect([...(await readNpy(bytes)).data]).toEqual(rowMajor);
  });
  test("a scalar and an empty array", async () => {
    expect((await readNpy(npy("<f4", [], bytesOf(Float32Array.of(3))))).shape).toEqual([]);
    expect((await readNpy(npy("<f4", [0, 3], new Uint8Array(0)))).data).toHaveLength(0);
  });

  const good = npy("<f4", [2], bytesOf(Float32Array.of(1, 2)));
  test.each([
    ["an empty file", new Uint8Array(0), "npy-header"],
    ["another format", new Uint8Array(200), "npy-header"],
    ["version 9", Uint8Array.from(good, (byte, at) => (at === 6 ? 9 : byte)), "npy-header"],
    ["records", npy("[('a', '<f4')]", [1], new Uint8Array(4)), "npy-header"],
    ["complex numbers", npy("<c8", [1], new Uint8Array(8)), "npy-header"],
    ["objects", npy("|O", [1], new Uint8Array(8)), "npy-header"],
    ["a negative size", npy("<f4", [-1], new Uint8Array(4)), "npy-header"],
    ["terabytes", npy("<f8", [99999999999, 99999], new Uint8Array(8)), "data-size"],
    [
      "forty axes",
      npy(
        "<f4",
        Array.from({ length: 40 }, () => 1),
        new Uint8Array(4),
      ),
      "data-size",
    ],
    ["a body cut short", good.subarray(0, good.length - 1), "data-length"],
    ["a header cut short", good.subarray(0, 40), "data-length"],
    ["bytes left over", Uint8Array.of(...good, 0), "data-length"],
  ])("%s is refused", async (_what, bytes, code) => {
    expect((await refusal(() => readNpy(bytes))).code).toBe(code);
  });
  test("an integer beyond 2^53 names its row", async () => {
    const body = bytesOf(BigInt64Array.of(1n, 2n, 3n, 2n ** 60n));
    const error = await refusal(() => readNpy(npy("<i8", [2, 2], body), "big.npy"));
    expect(error).toMatchObject({ code: "data-integer", file: "big.npy", row: 1 });
  });
});

describe("npz", () => {
  const files = {
    "a.npy": npy("<f4", [2], bytesOf(Float32Array.of(1, 2))),
    "b.npy": npy("|u1", [400], new Uint8Array(400).fill(7)),
    "note.txt": Uint8Array.of(65),
  };
  test.each([0, 6] as const)("at deflate level %i", async (level) => {
    const arrays = await readNpz(zipSync(files, { level }));
    expect(arrays.map(({ name, shape }) => [name, shape])).toEqual([
      ["a", [2]],
      ["b", [400]],
    ]);
    expect([...(arrays[0]?.data ?? [])]).toEqual([1, 2]);
  });
  test("no zip, and a size that lies, are refused", async () => {
    expect((await refusal(() => readNpz(new Uint8Array(30)))).code).toBe("npz-zip");
    const zip = zipSync(files, { level: 6 });
    const lied = zip.slice();
    const view = new DataView(lied.buffer);
    for (let at = 0; at + 46 < lied.length; at++)
      if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, 4_000_000_000, true);
    expect((await refusal(() => readNpz(lied))).code).toBe("npz-zip");
  });
});

describe("text", () => {
  test("the vocabulary is sorted by code point, not by code unit", async () => {
    const { codes, vocabulary } = await encodeText(["b\u{1F600}", "a\uFFFD\nb"], undefined, "x");
    expect(vocabulary).toEqual(["\n", "a", "b", "\uFFFD", "\u{1F600}"]);
    expect([...codes]).toEqual([2, 4, 1, 3, 0, 2]);
  });
  test("an unseen character is named with its offset in characters", async () => {
    const error = await refusal(() => encodeText(["a\u{1F600}", "z"], ["a", "\u{1F600}"], "x.txt"));
    expect(error.message).toContain("offset 2");
    expect(error.code).toBe("text-character");
  });
  test("windows and their next characters", async () => {
    const { input, next } = cutWindows(Uint32Array.of(0, 1, 2, 3, 4, 5, 6), 3, true, "x", "x");
    expect([input.shape, [...input.data], [...(next?.data ?? [])]]).toEqual([
      [2, 3],
      [0, 1, 2, 3, 4, 5],
      [1, 2, 3, 4, 5, 6],
    ]);
    const short = Uint32Array.of(1, 2, 3);
    expect((await refusal(() => cutWindows(short, 3, true, "x", "x"))).code).toBe("text-short");
    expect(cutWindows(short, 3, false, "x", "x").input.shape).toEqual([1, 3]);
  });
});

describe("sources", () => {
  test("arguments", () => {
    expect(parseDataArgument("x=a/b.csv:c, d")).toEqual({
      name: "x",
      file: "a/b.csv",
      parts: ["c", "d"],
    });
    expect(parseDataArgument("a=b=c.npy")).toEqual({
      name: "a",
      file: "b=c.npy",
      parts: undefined,
    });
    expect(parseDataArgument("./a=b.npz")).toMatchObject({ name: undefined, file: "./a=b.npz" });
    expect(parseDataArgument("x.csv.gz:a")).toMatchObject({ file: "x.csv.gz", parts: ["a"] });
  });
  test("the reader goes by extension, packed or not", async () => {
    const tensors = new Map([
      ["x", { dtype: "BF16" as const, shape: [1], data: Uint8Array.of(192, 63) }],
      ["y", { dtype: "I64" as const, shape: [1], data: tensorBytes(BigInt64Array.of(3n)) }],
    ]);
    const contents: [string, Uint8Array, string][] = [
      ["images-idx1-ubyte", idx(8, [1], [1]), "array"],
      ["images.idx1-ubyte", idx(8, [1], [1]), "array"],
      ["x.idx", idx(8, [1], [1]), "array"],
      ["x.npy", npy("|u1", [1], Uint8Array.of(1)), "array"],
      ["x.npz", zipSync({ "a.npy": npy("|u1", [1], Uint8Array.of(1)) }), "archive"],
      ["x.safetensors", writeSafetensors(tensors), "archive"],
      ["x.csv", new TextEncoder().encode("a\n1\n"), "table"],
      ["x.txt", new TextEncoder().encode("abc"), "text"],
    ];
    for (const [name, bytes, kind] of contents) {
      expect((await openData(folder.put(name, bytes))).kind).toBe(kind);
      expect((await openData(folder.put(`${name}.gz`, gzipSync(bytes)))).kind).toBe(kind);
      const unnamed = await openData(folder.put(`packed-${name}`, gzipSync(bytes)));
      expect(unnamed.kind).toBe(kind);
      if (unnamed.kind === "array") expect([...(await readWhole(unnamed.array)).data]).toEqual([1]);
    }
    const source = await openData(folder.put("z.safetensors", writeSafetensors(tensors)));
    if (source.kind !== "archive") throw new Error("no archive");
    const arrays = await Promise.all(
      source.archive.names.map(async (name) => readWhole(await source.archive.open(name))),
    );
    expect(arrays.map((array) => [array.name, [...array.data]])).toEqual([
      ["y", [3]],
      ["x", [1.5]],
    ]);
  });
  test.each([
    ["none.npy", undefined, "file-unreadable"],
    ["cut.npy.gz", gzipSync(new Uint8Array(5000)).subarray(0, 20), "gzip"],
    ["plain.npy.gz", Uint8Array.of(1, 2, 3), "gzip"],
    ["packed.npy", gzipSync(new Uint8Array(5000)).subarray(0, 20), "gzip"],
    ["cut.safetensors", Uint8Array.of(1, 2, 3), "safetensors-truncated"],
    ["picture.png", Uint8Array.of(1), "data-kind"],
  ])("%s is refused", async (name, bytes, code) => {
    const file = bytes === undefined ? `${folder.path}/${name}` : folder.put(name, bytes);
    await expect(openData(file)).rejects.toMatchObject({ name: "DataError", code, file });
  });
});

test.each([
  [[2 ** 32 - 1, 2 ** 32 - 1], "no file holds so many numbers: its header is damaged"],
  [new Array<number>(33).fill(1), "32 axes are the most"],
])("a header of the sizes %j is refused with what is wrong", async (sizes, hint) => {
  await expect(readIdx(idx(8, sizes, []))).rejects.toMatchObject({ code: "data-size", hint });
});

describe("flipped bytes", () => {
  const next = generator(99);
  const tensors = new Map([["x", { dtype: "F32" as const, shape: [2], data: new Uint8Array(8) }]]);
  const seeds: [string, Uint8Array, (bytes: Uint8Array) => Promise<unknown>][] = [
    ["IDX", idx(8, [2, 3], [1, 2, 3, 4, 5, 6]), (bytes) => readIdx(bytes)],
    ["npy", npy("<f4", [2], bytesOf(Float32Array.of(1, 2))), (bytes) => readNpy(bytes)],
    ["npz", zipSync({ "a.npy": npy("<f8", [8], new Uint8Array(64)) }), (bytes) => readNpz(bytes)],
    ["CSV", new TextEncoder().encode('a,"b"\n1,2\n"3",4e5\n'), (bytes) => readCsv(bytes)],
  ];
  const mutate = (good: Uint8Array): Uint8Array => {
    const bytes = good.slice(0, next(4) === 0 ? next(good.length) : good.length);
    for (let flips = next(4); flips >= 0 && bytes.length > 0; flips--)
      bytes[next(bytes.length)] = next(256);
    return bytes;
  };
  test.each(seeds)("%s is read or refused, never worse", async (_name, good, read) => {
    let refused = 0;
    for (let turn = 0; turn < 1500; turn++) {
      try {
        await read(mutate(good));
      } catch (error) {
        expect(error).toBeInstanceOf(DataError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
  test("safetensors", async () => {
    for (let turn = 0; turn < 200; turn++) {
      const file = folder.put("flip.safetensors", mutate(writeSafetensors(tensors)));
      try {
        const source = await openData(file);
        if (source.kind === "archive")
          for (const name of source.archive.names) await readWhole(await source.archive.open(name));
      } catch (error) {
        expect(error).toBeInstanceOf(DataError);
      }
    }
  });
});

// In: models' inputs and data files that fit and do not; out: bound arrays, or the error that says what and where.
import { execFileSync, spawn } from "node:child_process";
import { describe, expect, test } from "vitest";
import { zipSync } from "fflate";
import { bindData } from "../../../cli/data/bind.js";
import type { BindOptions, BoundData } from "../../../cli/data/bind.js";
import type { InputSpec } from "../../../cli/data/spec.js";
import { bytesOf, idx, npy, pairs, temporaryFolder } from "./files.js";

const folder = temporaryFolder();

const image: InputSpec = {
  name: "image",
  role: "input",
  type: "f32",
  shape: ["batch", 2, 2, 1],
  optional: false,
};
const digit: InputSpec = {
  name: "digit",
  role: "target",
  type: "category",
  categories: 3,
  shape: ["batch"],
  optional: false,
};

const images = folder.put(
  "images.npy",
  npy(
    "|u1",
    [3, 2, 2],
    Uint8Array.from({ length: 12 }, (_, i) => i),
  ),
);
const labels = folder.put("labels-idx1-ubyte", idx(8, [3], [0, 1, 2]));

async function bound(
  specs: InputSpec[],
  args: string[],
  options?: BindOptions,
): Promise<BoundData> {
  return bindData(specs, args, options);
}

function values(data: BoundData, name: string): unknown {
  const array = data.arrays.get(name);
  return array && { shape: array.shape, data: [...array.data] };
}

function floatsFile(name: string, shape: number[], numbers: number[]): string {
  return folder.put(name, npy("<f4", shape, bytesOf(Float32Array.from(numbers))));
}

describe("binding", () => {
  test("an image without its axis of 1, and labels", async () => {
    const data = await bound([image, digit], [`image=${images}`, `digit=${labels}`]);
    expect(values(data, "image")).toEqual({
      shape: [3, 2, 2, 1],
      data: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
    });
    expect(data.arrays.get("digit")?.data).toEqual(Uint32Array.of(0, 1, 2));
    expect(data.examples).toBe(3);
  });
  test("--rows takes a part of every array", async () => {
    const rows = { begin: 1, end: 3 };
    const data = await bound([image, digit], [`image=${images}`, `digit=${labels}`], { rows });
    expect(values(data, "digit")).toEqual({ shape: [2], data: [1, 2] });
    expect(values(data, "image")).toMatchObject({ shape: [2, 2, 2, 1] });
    expect(data.free.get("batch")).toBe(2);
  });
  test.each([
    [
      "a misspelt column",
      "mis.csv",
      "digit,imgae\n1,2\n",
      'has no column image: did you mean "imgae"? its columns are digit, imgae',
    ],
    [
      "a wrong separator",
      "sep.csv",
      "digit,image;x\n1,2;3\n",
      'has no column image: did you mean "image;x"? its columns are digit, image;x',
    ],
    [
      "a misspelt array",
      "mis.npz",
      zipSync({
        "digit.npy": npy("|u1", [1], new Uint8Array(1)),
        "Image.npy": npy("|u1", [1], new Uint8Array(1)),
      }),
      'has no array image: did you mean "Image"? its arrays are digit, Image',
    ],
  ] as const)(
    "of a file that lacks a name it is said what it has: %s",
    async (_, name, content, hint) => {
      const file = folder.put(name, content);
      await expect(bound([image, digit], [file])).rejects.toMatchObject({
        code: "data-missing",
        message: "no data for input image: [batch, 2, 2, 1]",
        hint: expect.stringContaining(
          `${file} ${hint}; pick ${name.endsWith("csv") ? "4" : "one"} by --data image=${file}:`,
        ) as unknown,
      });
      await expect(bound([image], [file])).rejects.toMatchObject({
        code: "data-name",
        hint: expect.stringMatching(
          /model's names are image, the file's \w+s are digit, \w+/i,
        ) as unknown,
      });
    },
  );
  test("a whole file binds what bears a name, and leaves the rest", async () => {
    const file = folder.put(
      "all.npz",
      zipSync({
        "image.npy": npy("<f4", [1, 4], new Uint8Array(16)),
        "digit.npy": npy("|u1", [1], new Uint8Array(1)),
        "other.npy": npy("|u1", [9], new Uint8Array(9)),
      }),
    );
    const data = await bound([image, digit], [file]);
    expect([...data.arrays.keys()].sort()).toEqual(["digit", "image"]);
    await expect(bound([image, digit], [`image=${file}:other`, file])).rejects.toMatchObject({
      code: "data-twice",
    });
  });
  test("columns of a CSV file, by flat rows and by name", async () => {
    const file = folder.put("d.csv", "a,b,c,d,digit\n1,2,3,4,0\n5,6,7,8,2\n");
    const data = await bound([image, digit], [`image=${file}:a,b,c,d`, `digit=${file}:digit`]);
    expect(values(data, "image")).toEqual({ shape: [2, 2, 2, 1], data: [1, 2, 3, 4, 5, 6, 7, 8] });
    expect(values(data, "digit")).toEqual({ shape: [2], data: [0, 2] });
    const alone = await bound([digit], [file]);
    expect(values(alone, "digit")).toEqual({ shape: [2], data: [0, 2] });
  });
  test("a file is opened once, however many arguments name it", async () => {
    const file = folder.put("once.csv", "a,b,c,d,digit\n1,2,3,4,0\n5,6,7,8,2\n");
    const pipe = `${folder.path}/pipe.csv`;
    execFileSync("mkfifo", [pipe]);
    const writer = spawn("sh", ["-c", `cat ${file} > ${pipe}`]);
    const data = await bound([image, digit], [`image=${pipe}:a,b,c,d`, `digit=${pipe}:digit`]);
    writer.kill();
    expect(values(data, "image")).toMatchObject({ data: [1, 2, 3, 4, 5, 6, 7, 8] });
    expect(values(data, "digit")).toEqual({ shape: [2], data: [0, 2] });
    const packed = `${folder.path}/pipe.csv.gz`;
    execFileSync("mkfifo", [packed]);
    const packer = spawn("sh", ["-c", `gzip -c ${file} > ${packed}`]);
    const unpacked = await bound([digit], [packed]);
    packer.kill();
    expect(values(unpacked, "digit")).toEqual({ shape: [2], data: [0, 2] });
  });
  test("--rows takes a part of tables and arrays alike", async () => {
    const file = folder.put("part.csv", "digit\n2\n1\n0\ncat\n");
    const rows = { begin: 1, end: 3 };
    const data = await bound([image, digit], [`image=${images}`, file], { rows });
    expect(values(data, "digit")).toEqual({ shape: [2], data: [1, 0] });
    expect(values(data, "image")).toMatchObject({ data: [4, 5, 6, 7, 8, 9, 10, 11] });
    const late = { begin: 1, end: 9 };
    const whole = folder.put("three.csv", "digit\n2\n1\n0\n");
    await expect(bound([digit], [whole], { rows: late })).rejects.toMatchObject({
      code: "data-rows",
      message: expect.stringContaining("3 examples") as string,
    });
  });
  test("the first rows, or all where there are fewer, and nothing behind them", async () => {
    const file = folder.put("first.csv", "digit\n2\n1\n0\ncat\n");
    const args = [`image=${images}`, file];
    const two = await bound([image, digit], args, { firstRows: 2 });
    expect([values(two, "digit"), two.examples]).toEqual([{ shape: [2], data: [2, 1] }, 2]);
    const short = folder.put("short.csv", "digit\n2\n1\n");
    const all = await bound([digit], [short], { firstRows: 9 });
    expect(values(all, "digit")).toEqual({ shape: [2], data: [2, 1] });
    expect((await bound([image], [`image=${images}`], { firstRows: 9 })).examples).toBe(3);
  });
  test("what has no examples is read whole beside rows that are taken in part", async () => {
    const limits: InputSpec = { ...image, name: "limits", shape: [2] };
    const file = folder.put("limits.csv", "limits,digit\n7,0\n8,1\n");
    const rows = { begin: 1, end: 2 };
    const args = [`limits=${file}:limits`, `digit=${file}:digit`];
    const data = await bound([limits, digit], args, { rows });
    expect(values(data, "limits")).toEqual({ shape: [2], data: [7, 8] });
    expect(values(data, "digit")).toEqual({ shape: [1], data: [1] });
  });
  test("one row of several columns is not several examples", async () => {
    const file = folder.put("row.csv", "a,b\n1,2\n");
    await expect(bound([digit], [`digit=${file}`])).rejects.toMatchObject({ code: "data-shape" });
  });
  test("missing values are filled where the input says so", async () => {
    const age: InputSpec = { ...digit, name: "age", role: "input", type: "f32", missing: -1 };
    const file = folder.put("age.csv", "age,x\n30,1\n,1\nNaN,1\n");
    expect(values(await bound([age], [file]), "age")).toEqual({ shape: [3], data: [30, -1, -1] });
  });
  test("an optional input may be left out", async () => {
    const drawn = { ...image, name: "noise", optional: true };
    const data = await bound([drawn, digit], [`digit=${labels}`]);
    expect(data.arrays.has("noise")).toBe(false);
  });
  test("each element type", async () => {
    const type = async (kind: InputSpec["type"], numbers: number[]): Promise<unknown> => {
      const spec: InputSpec = {
        name: "x",
        role: "input",
        type: kind,
        shape: ["batch"],
        optional: false,
      };
      const data = await bound([spec], [`x=${floatsFile("types.npy", [numbers.length], numbers)}`]);
      return data.arrays.get("x")?.data;
    };
    expect(await type("f32", [0.5])).toEqual(Float32Array.of(0.5));
    expect(await type("i32", [-3])).toEqual(Int32Array.of(-3));
    expect(await type("u32", [3])).toEqual(Uint32Array.of(3));
    expect(await type("bool", [1, 0])).toEqual(Uint8Array.of(1, 0));
    expect(await type("category", [4])).toEqual(Uint32Array.of(4));
  });
});

describe("refusals", () => {
  const x = pairs;
  const huge = folder.put("huge.npy", npy("<f8", [1, 2], bytesOf(Float64Array.of(1, 1e300))));
  const cases: [string, InputSpec[], () => string[], Record<string, unknown>][] = [
    ["an unknown name", [image], () => [`imgae=${images}`], { code: "data-name" }],
    ["a file without a name", [image], () => [images], { code: "data-name" }],
    ["nothing given", [image, digit], () => [`image=${images}`], { code: "data-missing" }],
    ["a shape", [x], () => [`x=${images}`], { code: "data-shape", file: images }],
    ...([-1, 3, 0.5] as const).map((wrong): (typeof cases)[number] => [
      `the index ${wrong} into a table of 3`,
      [{ ...x, type: "i32", shape: ["batch"], range: [0, 3] }],
      () => [
        `x=${folder.put("indices.npy", npy("<f8", [3], bytesOf(Float64Array.of(0, 2, wrong))))}`,
      ],
      { code: "data-value", row: 2 },
    ]),
    [
      "a label outside its category",
      [digit],
      () => [`digit=${folder.put("bad-idx1-ubyte", idx(8, [3], [0, 2, 3]))}`],
      { code: "data-value", row: 2 },
    ],
    [
      "a label that is no whole number",
      [digit],
      () => [`digit=${floatsFile("half.npy", [2], [1, 0.5])}`],
      { code: "data-value", row: 1 },
    ],
    [
      "a NaN",
      [x],
      () => [`x=${floatsFile("nan.npy", [2, 2], [1, 2, 3, NaN])}`],
      { code: "data-value", row: 1, hint: "declare it: input x: … missing -1" },
    ],
    [
      "an infinity",
      [x],
      () => [`x=${floatsFile("inf.npy", [2, 2], [Infinity, 2, 3, 4])}`],
      { code: "data-value", row: 0 },
    ],
    ["a double too large for f32", [x], () => [`x=${huge}`], { code: "data-value", row: 0 }],
    [
      "unequal examples",
      [x, digit],
      () => [`x=${floatsFile("two.npy", [2, 2], [1, 2, 3, 4])}`, `digit=${labels}`],
      { code: "data-examples" },
    ],
    ["no examples", [x], () => [`x=${floatsFile("zero.npy", [0, 2], [])}`], { code: "data-empty" }],
    [
      "a free dimension of two lengths",
      [
        { ...x, shape: ["batch", "time"] },
        { ...x, name: "y", shape: ["batch", "time"] },
      ],
      () => [
        `x=${floatsFile("t2.npy", [1, 2], [1, 2])}`,
        `y=${floatsFile("t3.npy", [1, 3], [1, 2, 3])}`,
      ],
      { code: "data-free" },
    ],
  ];
  test.each(cases)("%s", async (_what, specs, args, error) => {
    await expect(bound(specs, args())).rejects.toMatchObject({ name: "DataError", ...error });
  });
  test.each([
    ["columns of an array", () => `image=${images}:a`],
    ["columns of an IDX file", () => `image=${folder.put("p.idx", idx(8, [1], [1]))}:a`],
    ["columns of a text", () => `image=${folder.put("p.txt", "ab")}:a`],
    ["a part for nobody", () => `${folder.put("p.csv", "a,b\n1,2\n")}:a,b`],
    ["a part without a name", () => `image=${folder.put("p.csv", "a,b\n1,2\n")}:a,,b`],
    ["a part that is empty", () => `image=${folder.put("p.csv", "a,b\n1,2\n")}:`],
    [
      "two arrays of an archive",
      () => `image=${folder.put("p.npz", zipSync({ "a.npy": new Uint8Array(9) }))}:a,b`,
    ],
  ])("%s cannot be picked", async (_what, argument) => {
    await expect(bound([{ ...image, optional: true }], [argument()])).rejects.toMatchObject({
      code: "data-pick",
    });
  });
  test("sizes over the limit are refused where they would be held", async () => {
    const file = folder.put("vast.idx", idx(8, [4294967295, 0], []));
    const flat = { ...x, shape: ["batch", "width"] };
    await expect(bound([flat], [`x=${file}`])).rejects.toMatchObject({ code: "data-size" });
  });
  test("a value at fault is told with its column, or its place in the row", async () => {
    const file = folder.put("column.csv", "a,b\n1,2\n3,\n");
    await expect(bound([x], [`x=${file}`])).rejects.toThrow(
      'row 1: a value is missing or NaN in column "b" (for x)',
    );
    const rows = { begin: 1, end: 2 };
    await expect(bound([x], [`x=${file}`], { rows })).rejects.toMatchObject({ row: 1 });
    const array = floatsFile("place.npy", [2, 2], [1, 2, 3, NaN]);
    await expect(bound([x], [`x=${array}`])).rejects.toThrow(
      "row 1: a value is missing or NaN at [1] (for x)",
    );
  });
  test("rows past the end", async () => {
    const rows = { begin: 1, end: 4 };
    await expect(bound([digit], [`digit=${labels}`], { rows })).rejects.toMatchObject({
      code: "data-rows",
    });
  });
  test("a bad row is named as the file counts it, and one outside --rows does no harm", async () => {
    const file = floatsFile("late.npy", [4, 2], [1, 2, 3, 4, 5, NaN, 7, 8]);
    await expect(bound([x], [`x=${file}`], { rows: { begin: 1, end: 4 } })).rejects.toMatchObject({
      row: 2,
    });
    expect((await bound([x], [`x=${file}`], { rows: { begin: 0, end: 2 } })).examples).toBe(2);
  });
  test("a shape says what was found and what is wanted", async () => {
    await expect(bound([x], [`x=${images}`])).rejects.toThrow(
      "the shape found is [3, 2, 2], the shape wanted for x is [batch, 2]",
    );
  });
});

describe("text", () => {
  const token: InputSpec = {
    name: "token",
    role: "input",
    type: "category",
    categories: 5,
    shape: ["batch", "time"],
    optional: false,
  };
  const next: InputSpec = { ...token, name: "next", role: "target" };
  const file = folder.put("t.txt", "abcabca");
  const lengths = new Map([["time", 2]]);

  test("windows, and the next character for the target declared alike", async () => {
    const data = await bound([token, next], [`token=${file}`], { lengths });
    expect(values(data, "token")).toEqual({ shape: [3, 2], data: [0, 1, 2, 0, 1, 2] });
    expect(values(data, "next")).toEqual({ shape: [3, 2], data: [1, 2, 0, 1, 2, 0] });
    expect(data.vocabularies.get("token")).toEqual(["a", "b", "c"]);
  });
  test("to predict, the vocabulary of the weights and the whole of a short text", async () => {
    const short = folder.put("short.txt", "c");
    const vocabularies = new Map([["token", ["a", "b", "c"]]]);
    const data = await bound([token], [short], { lengths, vocabularies });
    expect(values(data, "token")).toEqual({ shape: [1, 1], data: [2] });
    const unseen = folder.put("unseen.txt", "cx");
    await expect(bound([token], [unseen], { lengths, vocabularies })).rejects.toMatchObject({
      code: "text-character",
    });
  });
  test("too many characters, no length, and no input that takes text are refused", async () => {
    const many = folder.put("many.txt", "abcdefghij");
    await expect(bound([token], [many], { lengths })).rejects.toMatchObject({
      code: "text-vocabulary",
    });
    await expect(bound([token, next], [file])).rejects.toMatchObject({ code: "text-length" });
    await expect(bound([digit], [file])).rejects.toMatchObject({ code: "text-input" });
  });
});

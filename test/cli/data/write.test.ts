// In: outputs of a model; out: that .npy, .csv and .json files of them hold exactly their numbers.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { writeWhole } from "../../../cli/data/atomic.js";
import { csvPieces, jsonPieces, npyPieces, outputFormat } from "../../../cli/data/write.js";
import type { OutputArray } from "../../../cli/data/write.js";
import { generator, temporaryFolder } from "./files.js";
import { readCsv, readNpy } from "./reading.js";

const folder = temporaryFolder();
const other = temporaryFolder();
const csvText = (outputs: readonly OutputArray[]): string => [...csvPieces(outputs)].join("");
const jsonText = (outputs: readonly OutputArray[]): string => [...jsonPieces(outputs)].join("");
const npyBytes = (output: OutputArray): Uint8Array => Buffer.concat([...npyPieces(output)]);
const probability = {
  perExample: true,
  name: "probability",
  shape: [2, 2],
  data: Float32Array.of(0.1, 1 / 3, 1e-30, 16777216),
};
const place = { perExample: true, name: "place", shape: [2], data: Int32Array.of(-1, 7) };
const flag = { perExample: true, name: "flag", shape: [2], data: Uint8Array.of(1, 0), bool: true };

describe("writers", () => {
  test("npy reads back", async () => {
    for (const output of [probability, place, flag]) {
      const bytes = npyBytes(output);
      const read = await readNpy(bytes);
      expect(read.shape).toEqual(output.shape);
      expect([...read.data]).toEqual([...output.data]);
      expect((bytes.length - output.data.byteLength) % 64).toBe(0);
    }
    expect((await readNpy(npyBytes(flag))).dtype).toBe("bool");
  });
  test("csv has a column each, and every f32 reads back", () => {
    const text = csvText([probability, place, flag]);
    expect(text.split("\n")[0]).toBe("probability_0,probability_1,place,flag");
    const cells = text
      .split("\n")
      .slice(1, 3)
      .map((line) => line.split(","));
    expect(cells.map((line) => line[0])).toEqual(["0.1", "1e-30"]);
    expect(cells.flatMap((line) => line.slice(0, 2)).map((c) => Math.fround(Number(c)))).toEqual([
      ...probability.data,
    ]);
    expect(cells[0]?.slice(2)).toEqual(["-1", "true"]);
  });
  test("csv of truth values reads back, in other programs' letters too", async () => {
    const text = csvText([flag, place]);
    expect(text).toContain("true,-1");
    const read = [
      text,
      text.toUpperCase().replace("FLAG", "flag"),
      "flag,place\nTrue,-1\n False ,7\n",
    ];
    for (const one of read) {
      const { data } = await readCsv(Buffer.from(one), { columns: ["flag"] });
      expect([...data]).toEqual([...flag.data]);
    }
  });
  test("every f32 is written so that it reads back, in at most nine digits", () => {
    const next = generator(3);
    const bits = Uint32Array.from({ length: 20_000 }, () => next(2 ** 32));
    const data = new Float32Array(bits.buffer).map((value) => (Number.isFinite(value) ? value : 0));
    const edges = Float32Array.of(
      0,
      -0,
      1e-45,
      3.4028235e38,
      1.17549435e-38,
      16777216,
      0.1,
      9999999,
    );
    for (const values of [data, edges]) {
      const text = csvText([{ ...probability, shape: [values.length], data: values }]);
      const cells = text.trim().split("\n").slice(1);
      expect(Float32Array.from(cells, Number)).toEqual(values.map((value) => value + 0));
      for (const cell of cells)
        expect(cell.replace(/e.*|^-?[0.]+|[-.]/g, "").replace(/0+$/, "").length).toBeLessThan(10);
    }
  });
  test("csv says in words what is not finite, and our reader takes them", async () => {
    const odd = { ...probability, data: Float32Array.of(NaN, Infinity, -Infinity, 0) };
    const text = csvText([odd]);
    expect(text).toBe("probability_0,probability_1\nnan,inf\n-inf,0\n");
    expect((await readCsv(text)).data).toEqual([NaN, Infinity, -Infinity, 0]);
  });
  test("a line an example is what is declared, not what happens to be as long", () => {
    const mean = { ...place, name: "mean", perExample: false };
    expect(() => csvText([probability, mean])).toThrow("mean has the shape [2]");
    expect(csvText([{ ...probability, shape: [0, 2], data: new Float32Array(0) }])).toBe(
      "probability_0,probability_1\n",
    );
  });
  test("a file may be longer than one string", () => {
    const file = `${other.path}/pieces.csv`;
    const long = { ...place, shape: [200_000], data: new Int32Array(200_000) };
    writeWhole(file, csvPieces([long]));
    expect([...csvPieces([long])].length).toBeGreaterThan(3);
    expect(readFileSync(file, "utf8")).toBe(`place\n${"0\n".repeat(200_000)}`);
    writeWhole(file, npyPieces(long));
    expect(readFileSync(file).length).toBe(128 + 800_000);
  });
  test("json nests by shape, and what is not finite is null", () => {
    const odd = { perExample: true, name: "odd", shape: [1, 2, 1], data: Float32Array.of(NaN, 2) };
    expect(JSON.parse(jsonText([odd, place, flag]))).toEqual({
      odd: [[[null], [2]]],
      place: [-1, 7],
      flag: [true, false],
    });
  });
  test("the format goes by extension, - is json", () => {
    expect(["a.NPY", "a.csv", "a.json", "-", "a.txt"].map(outputFormat)).toEqual([
      "npy",
      "csv",
      "json",
      "json",
      undefined,
    ]);
  });
  test("a file is replaced whole, and nothing else is left in the folder", () => {
    const file = folder.put("out.json", "before");
    writeWhole(file, "after");
    expect(readFileSync(file, "utf8")).toBe("after");
    expect(readdirSync(folder.path)).toEqual(["out.json"]);
    expect(() => {
      writeWhole(`${folder.path}/none/out.json`, "x");
    }).toThrow("there is no such folder");
  });
});

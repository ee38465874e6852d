// Shapes found and wanted, and texts of arguments in; whether and how they fit, and what the texts mean, out.

import { describe, expect, test } from "vitest";
import { fitShape } from "../../../cli/data/fit.js";
import { parseRows, takeRows } from "../../../cli/data/rows.js";
import { nearest } from "../../../grammar/nearest.js";

describe("shapes", () => {
  test.each([
    [[5], ["batch"], [5]],
    [[5, 1], ["batch"], [5]],
    [[5], ["batch", 1], [5, 1]],
    [
      [5, 28, 28],
      ["batch", 28, 28, 1],
      [5, 28, 28, 1],
    ],
    [
      [5, 1, 28, 1, 28],
      ["batch", 28, 28],
      [5, 28, 28],
    ],
    [
      [1, 5, 3],
      ["batch", 3],
      [5, 3],
    ],
    [
      [5, 784],
      ["batch", 28, 28, 1],
      [5, 28, 28, 1],
    ],
    [
      [5, 784],
      ["batch", 28, 28],
      [5, 28, 28],
    ],
    [
      [5, 9, 2],
      ["batch", "time", 2],
      [5, 9, 2],
    ],
    [
      [5, 9],
      ["batch", "time", 1],
      [5, 9, 1],
    ],
    [
      [1, 9],
      ["batch", "time"],
      [1, 9],
    ],
    [[7], [7], [7]],
    [[5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], ["batch"], [5]],
  ] as [number[], (number | string)[], number[]][])("%j fits %j", (found, wanted, shape) => {
    expect(fitShape(found, wanted)).toEqual(shape);
  });
  test.each([
    [
      [5, 28, 28],
      ["batch", 784],
    ],
    [
      [5, 784, 1],
      ["batch", 28, 27],
    ],
    [
      [28, 28],
      ["batch", 28, 28],
    ],
    [
      [5, 783],
      ["batch", 28, 28],
    ],
    [
      [5, 18],
      ["batch", "time", 2],
    ],
    [
      [3, 5],
      ["batch", 5, 3],
    ],
    [[5], ["batch", 3]],
    [[], ["batch"]],
  ] as [number[], (number | string)[]][])("%j does not fit %j", (found, wanted) => {
    expect(fitShape(found, wanted)).toBeUndefined();
  });
});

describe("rows and names", () => {
  test.each([
    ["0:8000", { begin: 0, end: 8000 }],
    ["5:", { begin: 5, end: undefined }],
    [":5", { begin: 0, end: 5 }],
    [":", { begin: 0, end: undefined }],
  ])("%s", (text, rows) => {
    expect(parseRows(text)).toEqual(rows);
  });
  test.each([
    ["5", "write A:B"],
    ["-1:5", "write A:B"],
    ["a:b", "write A:B"],
    ["1:2:3", "write A:B"],
    ["5:5", "the end is excluded and has to be greater than the begin"],
    ["2:1", "the end is excluded and has to be greater than the begin"],
    ["99999999999999999999:", "no data have 99999999999999999999 rows"],
    ["0:99999999999999999999", "no data have 99999999999999999999 rows"],
  ])("%s is none: %s", (text, wrong) => {
    expect(parseRows(text)).toContain(wrong);
  });
  test("one example is one, and has no others behind it", () => {
    expect(() => takeRows({ begin: 1, end: 2 }, 1)).toThrow(/which have 1 example$/);
    expect(() => takeRows({ begin: 0, end: 3 }, 2)).toThrow("which have 2 examples");
  });
  test("the nearest name", () => {
    expect(nearest("imgae", ["label", "image"])).toBe("image");
    expect(nearest("zzz", ["label", "image"])).toBeUndefined();
  });
});

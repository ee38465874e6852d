// In: labels out of their range; out: a hint that they are counted from 1, where nothing speaks against it.
import { expect, test } from "vitest";
import { openSink } from "../../../cli/data/values.js";

const hintOf = (...pieces: readonly number[][]): unknown => {
  const spec = { name: "label", role: "target", type: "category", categories: 3 } as const;
  const sink = openSink(spec, { file: "a.csv", row: [], begin: 0 }, undefined);
  try {
    for (const piece of pieces) sink.take(Float64Array.from(piece));
  } catch (error) {
    return (error as { readonly hint?: string }).hint ?? "none";
  }
  return "accepted";
};

test("labels without a 0 are taken for counted from 1; those with one are not", () => {
  expect(hintOf([1, 2, 3])).toContain("counted from 1");
  expect(hintOf([1, 2], [3])).toContain("counted from 1");
  for (const pieces of [
    [[0, 1, 3]],
    [[1, 3, 0]],
    [
      [0, 1],
      [2, 3],
    ],
    [[1, 2, 4]],
  ])
    expect(hintOf(...pieces)).toBe("none");
  expect(hintOf([0, 1, 2])).toBe("accepted");
});

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

test("numbers outside of the bounds that a model asks for are refused, integers of files too, but not what stands for a missing one", () => {
  const spec = {
    ...({ name: "y", role: "target", type: "f32", bounds: [0, 1], missing: -1 } as const),
  };
  const position = { file: "a.csv", row: [], begin: 0 };
  const taken = (values: Float64Array | Int32Array): unknown => {
    const sink = openSink(spec, position, undefined);
    try {
      sink.take(values);
    } catch (error) {
      const { message, hint } = error as { readonly message: string; readonly hint?: string };
      return [message, hint ?? "none"];
    }
    return [...sink.end()];
  };
  expect(taken(Float64Array.of(0, 1, 0.5, NaN, -1))).toEqual([0, 1, 0.5, -1, -1]);
  expect(taken(Int32Array.of(0, 2))).toEqual(["row 1: 2 is not from 0 to 1 (for y)", "none"]);
  expect(taken(Float64Array.of(1, 2))).toEqual([
    "row 1: 2 is not from 0 to 1 (for y)",
    expect.stringContaining("counted from 1"),
  ]);
});

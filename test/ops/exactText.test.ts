// Values that JSON writes alike in; texts of their own, and storages of their own for constants that differ in a zero's sign, out.
import { expect, it } from "vitest";
import { storeConstants } from "../../compiler/build/constants.js";
import type { ConstantTable } from "../../compiler/build/constants.js";
import { exactText } from "../../compiler/ops/exactText.js";
import { createBuilder } from "../../compiler/graph/builder.js";

it("tells what JSON writes alike apart", () => {
  const values = [0, -0, NaN, Infinity, -Infinity, null, "NaN", { number: null }];
  const texts = values.map((value) => exactText({ value, other: [1, 2] }));
  expect(new Set(texts).size).toBe(values.length);
  expect(exactText({ a: [1, { b: -2.5 }] })).toBe('{"a":[1,{"b":-2.5}]}');
});

it("keeps constants of 0 and −0 apart", () => {
  const b = createBuilder();
  const table: ConstantTable = new Map();
  const effects = [0, -0, 0].map((zero, at) => ({
    ...{ kind: "result" as const, name: `r${at}` },
    value: b.negate(b.constant([zero, 1])),
  }));
  storeConstants(b, effects, table);
  expect([...table.values()].map(({ values }) => values)).toEqual([
    [0, 1],
    [-0, 1],
  ]);
});

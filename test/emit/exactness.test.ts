// Nests that decide something in; the decisions that single precision makes, from JavaScript too, out.

import { expect, it } from "vitest";
import { planPrograms } from "../../compiler/emit/plan.js";
import { mapSchedule } from "../../compiler/kernel/index.js";
import type { ElementType } from "../../compiler/types/graph.js";
import type { Scalar } from "../../compiler/types/nest.js";
import { at, cast, createBuilder, float, nestOf, op, scheduleOf } from "../kernel/nests.js";
import { runOnCpu } from "../kernel/run.js";

type Values = readonly number[];

/** 1 where it holds, in JavaScript of single precision. */
function decided(
  type: ElementType,
  [x, y]: readonly [Values, Values],
  holds: (x: Scalar, y: Scalar) => Scalar,
): readonly number[] | undefined {
  const builder = createBuilder();
  const axis = builder.axis(x.length);
  const [left, right] = ["x", "y"].map((name) =>
    builder.load(builder.input(name, x.length, type), at(axis)),
  );
  if (!left || !right) throw new Error("no operands");
  const buffer = builder.temporary(x.length);
  const value = op("select", holds(left, right), float(1), float(0));
  const schedule = scheduleOf(builder, [
    nestOf("decide", [axis], [{ buffer, index: at(axis), value }]),
  ]);
  const planned = planPrograms(
    [
      {
        head: { name: "p", kind: "predict", inputs: [] },
        schedule,
        kernels: mapSchedule(schedule),
      },
    ],
    {
      storages: [],
      dimensions: [],
      describe: () => "",
    },
  );
  return runOnCpu(planned, { inputs: { x, y } }, "f32").results[0];
}

it("integers are compared as the numbers of single precision that they are cast to", () => {
  const numbers = [
    [16_777_217, 16_777_216, -16_777_217],
    [16_777_216, 16_777_217, -16_777_216],
  ] as const;
  const floats = (x: Scalar): Scalar => cast("f32", x);
  const compare = (name: "greater" | "equal") =>
    decided("i32", numbers, (x, y) => op(name, floats(x), floats(y)));
  expect(compare("greater")).toEqual([0, 0, 0]);
  expect(compare("equal")).toEqual([1, 1, 1]);
  expect(decided("i32", numbers, (x, y) => op("greater", x, y))).toEqual([1, 0, 0]);
});

it("sums are compared as they are rounded", () => {
  const numbers = [
    [16_777_216, 0.1, 1],
    [1, 0.2, 1e-9],
  ].map((own) => own.map(Math.fround)) as [number[], number[]];
  expect(decided("f32", numbers, (x, y) => op("equal", op("add", x, y), x))).toEqual([1, 0, 1]);
});

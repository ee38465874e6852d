// Shapes and bounds in; tensors of numbers known while compiling (but for free dimensions) out.

import { addDims, dimText, floorDivideDims, subtractDims } from "../../types/dimension.js";
import type { Dim } from "../../types/dimension.js";
import type { Node } from "../../types/graph.js";
import { countable, dimAt, integerAt, shapeAt, tensorAt } from "./arguments.js";
import { define, fail, optional, parameter } from "./primitive.js";
import type { Call, Primitive } from "./primitive.js";

/** From `start` up to `stop` (excluded); with one number, from 0 up to it. */
function range(call: Call): Node {
  const { b, values } = call;
  const single = values[1] === undefined;
  const start: Dim = single ? 0 : dimAt(call, 0, "start");
  const stop = dimAt(call, single ? 0 : 1, "stop");
  const step = integerAt(call, 2, "step");
  if (step === 0) return fail("argument", "a range does not step by 0", { operands: [2] });
  const span = subtractDims(stop, start);
  const count =
    step > 0
      ? floorDivideDims(addDims(span, step - 1), step)
      : floorDivideDims(addDims(subtractDims(0, span), -step - 1), -step);
  if (typeof count === "number" && count < 1) {
    return fail("argument", `a range from ${dimText(start)} to ${dimText(stop)} is empty`, {
      operands: [0],
    });
  }
  const index = b.iota([count], 0);
  const scaled = step === 1 ? index : b.multiply(index, step);
  return start === 0 ? scaled : b.add(scaled, b.dimension(start));
}

function filled(
  value: number,
  doc: string,
): Pick<Primitive, "doc" | "parameters"> & { expand: (call: Call) => Node } {
  return {
    doc,
    parameters: [parameter("shape", "shape")],
    expand: (call) => call.b.constant(value, shapeAt(call, 0, "shape")),
  };
}

export const making: Readonly<Record<string, Primitive>> = {
  zeros: define("zeros", filled(0, "Zeros of a shape, f32.")),
  ones: define("ones", filled(1, "Ones of a shape, f32.")),
  full: define("full", {
    doc: "One value throughout a shape; f32 for a compile-time number.",
    parameters: [parameter("shape", "shape"), { ...parameter("value", "tensor"), untyped: true }],
    expand: (call) => {
      const { b, values } = call;
      const shape = shapeAt(call, 0, "shape");
      const value = values[1];
      if (typeof value === "number") return b.constant(value, shape);
      return b.broadcast(countable(b, tensorAt(call, 1)), shape);
    },
  }),
  range: define("range", {
    doc: "Whole numbers as i32: range(stop), or range(start, stop, step).",
    parameters: [
      parameter("start", "dimension"),
      optional("stop", "dimension"),
      parameter("step", "integer", 1),
    ],
    expand: range,
  }),
};

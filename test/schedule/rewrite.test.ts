// Scalars and expressions that share operands in; the same over others, shared as before, out.

import { expect, it } from "vitest";
import type { Expression } from "../../compiler/kernel/ir.js";
import { operate } from "../../compiler/kernel/ir.js";
import { overOperands as overExpressions } from "../../compiler/kernel/replace.js";
import { createRewrite } from "../../compiler/rewrite.js";
import { overOperands } from "../../compiler/schedule/operands.js";
import type { Axis, Scalar } from "../../compiler/types/nest.js";

const add = (left: Scalar, right: Scalar): Scalar => ({
  ...{ kind: "op", type: "f32", op: "add" },
  arguments: [left, right],
});

it("makes what scalars share once, and it stays shared", () => {
  const axis: Axis = { id: 0, extent: 4 };
  const load: Scalar = {
    ...{ kind: "load", type: "f32", buffer: 0 },
    index: { kind: "axis", type: "index", axis },
  };
  const asked: string[] = [];
  const rewrite = createRewrite<Scalar>(overOperands, (old) => {
    asked.push(old.kind);
    return old.kind === "axis" ? { kind: "literal", type: "index", value: 3 } : undefined;
  });
  const twice = add(load, load);
  const once = rewrite(add(twice, twice));
  expect(asked).toEqual(["op", "op", "load", "axis"]);
  const read: Scalar = { ...load, index: { kind: "literal", type: "index", value: 3 } };
  expect(once).toEqual(add(add(read, read), add(read, read)));
  const [left, right] = once.kind === "op" ? once.arguments : [];
  expect(left).toBe(right);
  expect(rewrite(twice)).toBe(left);
});

it("asks nothing of the operands of what is replaced as a whole", () => {
  const x: Expression = { kind: "variable", type: "f32", name: "x" };
  const y: Expression = { kind: "variable", type: "f32", name: "y" };
  const sum = operate("f32", "add", [x, y]);
  const seen: Expression[] = [];
  const rewrite = createRewrite<Expression>(overExpressions, (old) => {
    seen.push(old);
    return old === sum ? y : undefined;
  });
  expect(rewrite(operate("f32", "multiply", [sum, y]))).toEqual(operate("f32", "multiply", [y, y]));
  expect(seen).not.toContain(x);
});

// Two operands of `@` come in; their matrix product, or a report that shows both shapes, goes out.
import type { Span } from "../../../grammar/span.js";
import { isProblem } from "../../ops/problem.js";
import { operators } from "../../ops/primitives.js";
import type { Node } from "../../types/graph.js";
import type { Frame } from "../context.js";
import { asOperands } from "../values/halves.js";
import { builderAt, commonType, reportProblem, toTensor, type Operand } from "../values/tensors.js";
import { isSpoilt, poison, tensor, type Value } from "../values/values.js";

export function matrixProduct(frame: Frame, left: Operand, right: Operand, span: Span): Value {
  if (isSpoilt(left.value) || isSpoilt(right.value)) return poison;
  const common = commonType([left.value, right.value]);
  const type = common === "bool" ? "i32" : common;
  const a = toTensor(frame, left, type);
  const b = toTensor(frame, right, type);
  if (a === undefined || b === undefined) return poison;
  return product(frame, a, b, left, right, span);
}

function product(frame: Frame, a: Node, b: Node, left: Operand, right: Operand, span: Span): Value {
  const made = operators["@"]?.build(builderAt(frame, span), [a, b]);
  if (made === undefined) return poison;
  if (isProblem(made)) {
    return reportProblem(frame, span, made, [
      { node: a, span: left.span },
      { node: b, span: right.span },
    ]);
  }
  const [node] = made;
  return node === undefined ? poison : tensor(asOperands(frame.run.builder, node, [a, b]));
}

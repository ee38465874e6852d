// Takes the builder of a nest's scalars, gives the op table's view of its index arithmetic.
import type { IndexBuilder } from "../ops/rule.js";
import type { Scalar } from "../types/nest.js";
import type { ScalarBuilder } from "./scalars.js";

export function indexBuilder(k: ScalarBuilder): IndexBuilder<Scalar> {
  const compare =
    (op: "less" | "lessEqual" | "equal") =>
    (left: Scalar, right: Scalar): Scalar =>
      compareIndex(k, op, left, right);
  return {
    constant: (value) => k.dim(value),
    add: k.add,
    multiply: (left, factor) => k.multiply(left, k.dim(factor)),
    divide: (left, divisor) => k.divide(left, k.dim(divisor)),
    modulo: (left, divisor) => k.modulo(left, k.dim(divisor)),
    less: compare("less"),
    lessEqual: compare("lessEqual"),
    equal: compare("equal"),
    and: (left, right) => conjunction(k, left, right),
  };
}

function conjunction(k: ScalarBuilder, left: Scalar, right: Scalar): Scalar {
  if (left.kind === "literal") return left.value !== 0 ? right : left;
  if (right.kind === "literal") return right.value !== 0 ? left : right;
  return k.op("and", "bool", left, right);
}

/** A comparison that the ranges decide is a literal, so that its guard disappears. */
function compareIndex(
  k: ScalarBuilder,
  op: "less" | "lessEqual" | "equal",
  left: Scalar,
  right: Scalar,
): Scalar {
  const a = k.range(left);
  const b = k.range(right);
  const yes = k.literal(1, "bool");
  const no = k.literal(0, "bool");
  if (op === "less" && a.high < b.low) return yes;
  if (op === "less" && a.low >= b.high) return no;
  if (op === "lessEqual" && a.high <= b.low) return yes;
  if (op === "lessEqual" && a.low > b.high) return no;
  if (op === "equal" && (a.high < b.low || b.high < a.low)) return no;
  return k.op(op, "bool", left, right);
}

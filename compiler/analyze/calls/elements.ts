// A tensor and a declared element type come in; the tensor as that type, or why it is refused, goes out.
import type * as ast from "../../../grammar/ast.js";
import type { Node } from "../../types/graph.js";
import type { Frame, Value } from "../context.js";
import { storedType } from "../values/dimensions.js";
import { report } from "../report.js";
import { asWritten } from "../values/halves.js";
import type { Operand } from "../values/tensors.js";
import { fullTypeText } from "../values/values.js";

/** As the written type has it: `u32` takes any integer as it is; bool becomes a number. */
export function convert(frame: Frame, type: ast.TensorType, node: Node): Node {
  const wanted = storedType(type.element);
  if (wanted === "u32" && node.type === "i32") return node;
  return asWritten(frame, type, frame.run.builder.cast(node, wanted));
}

export function refusal(
  wanted: Node["type"],
  node: Node,
): { readonly wants: string; readonly hint: string } | undefined {
  const integer = node.type === "i32" || node.type === "u32";
  if (wanted === "f32" && integer) {
    return {
      wants: "numbers of f32",
      hint: "integers enter through `one_hot`, `embedding` or `f32(x)`",
    };
  }
  if ((wanted === "u32" || wanted === "i32") && node.type === "f32") {
    return {
      wants: "integers",
      hint: `\`${wanted}(x)\` converts; classes are declared as \`category(10)[batch]\``,
    };
  }
  if (wanted === "bool" && node.type !== "bool") {
    return { wants: "truth values", hint: "compare: `x > 0`" };
  }
  return undefined;
}

/**
 * Whether what comes next of a state or carry is refused in its type, which is told: what a conversion would lose. Integers
 * that meet f32 become f32, as anywhere.
 */
export function refusesNext(
  frame: Frame,
  what: string,
  { value, span }: Operand,
  wanted: Node["type"],
): boolean {
  if (wanted === "f32") return false;
  for (const node of tensorsIn(value)) {
    const refused = refusal(wanted, node);
    if (refused === undefined) continue;
    report(frame, "NN0302", span, {
      message: `${what} holds ${refused.wants}, but its next value is ${value.kind === "list" ? "made of " : ""}${fullTypeText(node)}`,
      hint: refused.hint,
    });
    return true;
  }
  return false;
}

function tensorsIn(value: Value): readonly Node[] {
  if (value.kind === "list") return value.items.flatMap(tensorsIn);
  return value.kind === "tensor" ? [value.node] : [];
}

type Given = readonly [type: ast.TensorType, value: Value];

/** Whether two tensors are refused as they stand, and taken the other way round. */
export function areSwapped([first, a]: Given, [second, b]: Given): boolean {
  if (a.kind !== "tensor" || b.kind !== "tensor") return false;
  const refuses = (type: ast.TensorType, node: Node): boolean =>
    refusal(storedType(type.element), node) !== undefined;
  const wrong = refuses(first, a.node) && refuses(second, b.node);
  return wrong && !refuses(first, b.node) && !refuses(second, a.node);
}

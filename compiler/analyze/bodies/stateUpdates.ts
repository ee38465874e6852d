// The next value of a state comes in; the update that the trace makes of it, or why it has none, goes out.
import type * as ast from "../../../grammar/ast.js";
import type { Span } from "../../../grammar/span.js";
import { shapeText, type Dim } from "../../types/dimension.js";
import type { Node } from "../../types/graph.js";
import { refusesNext } from "../calls/elements.js";
import type { Frame } from "../context.js";
import { didYouMean, report } from "../report.js";
import { keptType } from "../values/halves.js";
import { heldTo } from "../values/indices.js";
import { bind, findBinding, visibleNames } from "../values/scope.js";
import { placeOf, toTensor, type Operand } from "../values/tensors.js";
import { isSpoilt, tensor, typeText } from "../values/values.js";
import { handOn } from "./carried.js";

/** `name <- e` of a state: the new value is seen from here on; it is kept in training steps alone. */
export function updateState(target: ast.Identifier, operand: Operand, frame: Frame): void {
  const { value } = operand;
  const found = findBinding(frame.scope, target.name);
  const path = found?.state;
  if (path === undefined) {
    // A state or carry whose declaration is a mistake.
    if (found !== undefined && isSpoilt(found.value)) return;
    notAState(target, found !== undefined, frame);
    return;
  }
  const carried = frame.trace?.model.carried.get(path);
  const declaration = carried?.declaration ?? frame.trace?.model.parameters.get(path)?.declaration;
  if (declaration === undefined || frame.trace === undefined || isSpoilt(value)) return;
  const { half, type } = declaration;
  if (refusesNext(frame, `the state \`${target.name}\``, operand, type)) return;
  const typed = toTensor(frame, operand, half ? "f16" : keptType(operand.value, type));
  const node = typed && heldTo(found?.classes, frame, { ...operand, node: typed });
  if (node === undefined) return;
  const next = fitShape(frame, target.name, operand.span, declaration.shape, node);
  if (next === undefined) return;
  bind(frame.scope, target.name, tensor(next), {
    place: found?.place,
    fixed: "state",
    state: path,
    classes: found?.classes,
  });
  // What passes from batch to batch does so wherever batches follow each other.
  if (carried === undefined && !frame.trace.training && !frame.training)
    tellOfUnkept(target, frame);
  if (carried === undefined && (!frame.trace.training || !frame.training)) return;
  if (frame.scan !== undefined) {
    report(frame, "NN0403", target.span, {
      message: "a `state` cannot be written inside a `scan`",
      hint: "`carry` passes a value from step to step; a layer that keeps a state stands before or behind the `scan`, or takes `training: false`",
    });
    return;
  }
  if (carried !== undefined) handOn(carried, next, frame, target.span);
  if (
    carried === undefined &&
    frame.trace.followed.some((instance) => path.startsWith(`${instance}.`))
  )
    return;
  frame.trace.states.set(path, next);
  frame.trace.updates.push({
    name: path,
    value: next,
    place: placeOf(frame, target.span),
    pace: frame.effects === undefined ? "step" : "call",
    owner: frame.effects,
  });
}

function tellOfUnkept({ name, span }: ast.Identifier, frame: Frame): void {
  report(frame, "NN0421", span, {
    severity: "warning",
    message: `the next value of \`${name}\` is kept in training alone, and predictions compute with it all the same`,
    notes: ["each of them computes it anew from the value that training left"],
    hint: `\`if training { ${name} <- … }\` leaves the state as it is elsewhere`,
  });
}

function fitShape(
  frame: Frame,
  name: string,
  span: Span,
  shape: readonly Dim[],
  node: Node,
): Node | undefined {
  if (shapeText(node.shape) === shapeText(shape)) return node;
  if (node.shape.length === 0) return frame.run.builder.broadcast(node, shape);
  report(frame, "NN0312", span, {
    message: `the new value of \`${name}\` has another shape than the state`,
    notes: [`declared ${shapeText(shape)}`, `found ${typeText(node)}`],
  });
  return undefined;
}

function notAState({ name, span }: ast.Identifier, bound: boolean, frame: Frame): void {
  report(frame, "NN0409", span, {
    message: bound
      ? `\`${name}\` is neither a state nor a carry, so it has no next value`
      : `nothing here is called \`${name}\``,
    hint: bound
      ? "`=` binds a name; in an expression write `a < -b` with a space"
      : didYouMean(name, visibleNames(frame.scope)),
  });
}

// The body of an optimizer or projection and the shape of a parameter come in; the update over placeholders goes out.
import type * as ast from "../../../grammar/ast.js";
import { shapeEqual, shapeText } from "../../types/dimension.js";
import type { Node, Shape } from "../../types/graph.js";
import type { UpdateTemplate } from "../../types/model.js";
import type { Frame, TemplateState } from "../context.js";
import { callSite, newActivation } from "../frames.js";
import { calleeOf } from "../calls/functions.js";
import { rootPath } from "../calls/naming.js";
import { report } from "../report.js";
import { bind, newScope } from "../values/scope.js";
import { bindParameters } from "../calls/signatures.js";
import { toTensor, type Operand } from "../values/tensors.js";
import {
  fromDim,
  isSpoilt,
  list,
  tensor,
  typeText,
  type ClosureValue,
  type GivenArgument,
} from "../values/values.js";

/** An optimizer or projection with its arguments, to be traced for any shape. */
export interface Algorithm {
  readonly closure: ClosureValue;
  readonly matched: ReadonlyMap<string, GivenArgument>;
  readonly caller: Frame;
  readonly span: ast.Span;
}

/**
 * Traces the body for a parameter of one shape; undefined when a mistake was reported. `of`: the parameter that messages
 * name, since a body may be right for one and wrong for the next.
 */
export function traceTemplate(
  algorithm: Algorithm,
  shape: Shape,
  of: string | undefined,
): UpdateTemplate | undefined {
  const { closure, caller } = algorithm;
  const { declaration } = closure;
  if (declaration.kind !== "Optimizer" && declaration.kind !== "Projection") return undefined;
  const template: TemplateState = { shape, states: new Map(), weight: undefined };
  const frame = templateFrame(algorithm, template, of);
  const { builder } = caller.run;
  const type = { type: "f32", shape } as const;
  bind(frame.scope, "shape", list(shape.map(fromDim)));
  bind(frame.scope, "w", tensor(builder.placeholder("w", type)), { fixed: "parameter" });
  if (declaration.kind === "Optimizer") {
    bind(frame.scope, "g", tensor(builder.placeholder("g", type)));
  }
  const { matched, span } = algorithm;
  const callee = calleeOf(frame, closure);
  const name = declaration.name;
  if (!bindParameters({ caller, body: frame, closure, callee, matched, span, name }))
    return undefined;
  caller.run.evaluator.block(declaration.block, frame);
  if (frame.taint.spoilt || caller.run.budget.exhausted) return undefined;
  const { weight } = template;
  if (weight === undefined) {
    report(frame, "NN0505", declaration.nameSpan, {
      message: `the ${declaration.kind === "Optimizer" ? "optimizer" : "projection"} ${name} gives no new weight`,
      hint: "end it with `w <- …`",
    });
    return undefined;
  }
  const states = [...template.states].map(([state, { initial, next, shape: own }]) => ({
    name: state,
    shape: own,
    initial,
    next,
  }));
  return { states, weight };
}

function templateFrame(
  algorithm: Algorithm,
  template: TemplateState,
  of: string | undefined,
): Frame {
  const { closure, caller, span } = algorithm;
  const { declaration } = closure;
  const optimizer = declaration.kind === "Optimizer";
  const on = of === undefined ? undefined : `\`w\` is \`${of}\`, ${shapeText(template.shape)}`;
  return {
    ...caller,
    taint: { spoilt: false },
    trace: undefined,
    unit: closure.unit,
    scope: newScope(closure.scope),
    body: optimizer ? "optimizer" : "projection",
    instance: undefined,
    activation: newActivation(),
    drawPath: { parent: rootPath, name: declaration.name, id: 0 },
    training: true,
    call: { ...callSite(caller, span, declaration.name, algorithm.matched), on },
    declaration,
    depth: caller.depth + 1,
    scan: undefined,
    effects: undefined,
    template,
    scheduled: optimizer,
  };
}

/** `state m = 0` or `state slow = w` (of `w`'s shape), `state t: [] = 1` (a scalar). */
export function declareTemplateState(
  statement: ast.StateStatement,
  frame: Frame,
  template: TemplateState,
): void {
  const value = frame.run.evaluator.expression(statement.value, frame);
  const scalar = statement.type?.dimensions.length === 0;
  const spoilt = (): void => {
    bind(frame.scope, statement.name, { kind: "poison" });
  };
  if (frame.body === "projection" || (statement.type !== undefined && !scalar)) {
    report(frame, "NN0505", statement.span, {
      message:
        frame.body === "projection"
          ? "a projection keeps no state"
          : "a state of an optimizer has the shape of `w`, or is a scalar",
      hint:
        frame.body === "projection"
          ? undefined
          : "`state m = 0`, `state slow = w` or `state t: [] = 1`",
    });
    spoilt();
    return;
  }
  const shape = scalar ? [] : template.shape;
  const initial = isSpoilt(value)
    ? undefined
    : toTensor(frame, { value, span: statement.value.span }, "f32");
  if (initial === undefined) {
    spoilt();
    return;
  }
  if (initial.shape.length > 0 && !shapeEqual(initial.shape, shape)) {
    report(frame, "NN0505", statement.value.span, {
      message: `what \`${statement.name}\` starts from does not have its shape`,
      notes: [
        `\`${statement.name}\` is ${shapeText(shape)}`,
        `it starts from ${typeText(initial)}`,
      ],
      hint: scalar
        ? "`mean(…)` makes one number of many; a state without a type has the shape of `w`"
        : "a state of an optimizer starts from a number or from what has the shape of `w`",
    });
    spoilt();
    return;
  }
  const node = frame.run.builder.placeholder(`state.${statement.name}`, { type: "f32", shape });
  template.states.set(statement.name, { shape, initial, next: node, span: statement.span });
  bind(frame.scope, statement.name, tensor(node), {
    place: { unit: frame.unit, span: statement.nameSpan },
    fixed: "state",
  });
}

/** `w <- …` and `m <- …` of a template; false where the name is neither. */
export function updateTemplate(
  { name }: ast.Identifier,
  operand: Operand,
  frame: Frame,
  template: TemplateState,
): boolean {
  const state = template.states.get(name);
  if (state === undefined && name !== "w") return false;
  if (isSpoilt(operand.value)) return true;
  const found = toTensor(frame, operand, "f32");
  if (found === undefined) return true;
  const shape = state?.shape ?? template.shape;
  const next = fill(frame, found, shape);
  if (next === undefined) {
    report(frame, "NN0505", operand.span, {
      message: `the new value of \`${name}\` does not have its shape`,
      notes: [`\`${name}\` is ${shapeText(shape)}`, `its new value is ${typeText(found)}`],
    });
    return true;
  }
  if (state === undefined) template.weight = next;
  else state.next = next;
  bind(frame.scope, name, tensor(next), {
    fixed: state === undefined ? "parameter" : "state",
  });
  return true;
}

function fill(frame: Frame, node: Node, shape: Shape): Node | undefined {
  if (shapeEqual(node.shape, shape)) return node;
  return node.shape.length === 0 ? frame.run.builder.broadcast(node, shape) : undefined;
}

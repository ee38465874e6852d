// Declarations of weights, states and fitted values come in; the model's parameters with their initial values, and names bound to their leaves, go out.
import type * as ast from "../../../grammar/ast.js";
import type { Span } from "../../../grammar/span.js";
import { dimEqual, dimText, freeNames, shapeText, type Dim } from "../../types/dimension.js";
import type { ElementType, Node } from "../../types/graph.js";
import type { ParameterDeclaration } from "../../types/model.js";
import type { Frame, ModelState, ParameterRecord } from "../context.js";
import { declareCarried, isCarriedShape } from "./carried.js";
import { evaluateShape, storedType } from "../values/dimensions.js";
import { initialValue } from "./draws.js";
import { findLeaf } from "../values/graphs.js";
import { leafValue, rounded } from "../values/halves.js";
import { newActivation, nested, spoil } from "../frames.js";
import { outermostPath, parameterPath } from "../calls/naming.js";
import { excerpt, report } from "../report.js";
import { reportTaken } from "./statementNames.js";
import { classCount } from "../values/indices.js";
import { bind } from "../values/scope.js";
import { builderAt, placeOf, toTensor, type Operand } from "../values/tensors.js";
import { fullTypeText, isSpoilt, poison, typeText, type Value } from "../values/values.js";

type Role = ParameterDeclaration["role"];

interface Wanted {
  readonly name: string;
  readonly role: Role;
  readonly type: ElementType;
  readonly half: boolean;
  readonly shape: readonly Dim[];
  readonly span: Span;
  readonly typeSpan: Span;
  readonly initial: (path: string, shape: readonly number[]) => Node | undefined;
}

export function declareTrained(statement: ast.TrainedStatement, frame: Frame): void {
  const fixed = "parameter";
  const shape = evaluateShape(statement.type, frame);
  const type = storedType(statement.type.element);
  if (type !== "f32") {
    report(frame, "NN0302", statement.type.span, {
      message: `a ${statement.role} is trained, so its entries are f32`,
    });
    bindFixed(frame, statement.name, statement.nameSpan, poison, fixed);
    return;
  }
  const value = frame.run.evaluator.expression(statement.initial, frame);
  if (shape === undefined) {
    bindFixed(frame, statement.name, statement.nameSpan, poison, fixed);
    return;
  }
  const record = declare(frame, {
    name: statement.name,
    role: statement.role,
    type,
    half: isHalf(statement.type),
    shape,
    span: statement.nameSpan,
    typeSpan: statement.type.span,
    initial: (path, known) =>
      initialOf(frame, { value, span: statement.initial.span }, known, type, path, statement.drawn),
  });
  const bound: Value =
    record === undefined ? poison : leafValue(frame, statement.type.element, record.leaf);
  bindFixed(frame, statement.name, statement.nameSpan, bound, fixed);
}

const isHalf = (type: ast.TensorType | undefined): boolean => type?.element === "f16";

function initialOf(
  frame: Frame,
  operand: Operand,
  shape: readonly number[],
  type: ElementType,
  path: string,
  drawn: boolean,
): Node | undefined {
  if (isSpoilt(operand.value)) return undefined;
  const inner: Frame = {
    ...nested(frame),
    body: "init",
    activation: newActivation(),
    drawPath: outermostPath(frame, `init/${path}`),
    training: false,
  };
  const node = initialValue(inner, operand, shape, type, drawn);
  if (node === undefined) return undefined;
  const leaf = findLeaf(node, (found) => !closedLeaves.has(found.op) && !isStarted(frame, found));
  if (leaf === undefined) return node;
  report(frame, "NN0411", operand.span, {
    message: "an initial value is computed before there is any data",
    notes: [`it depends on ${leafText(leaf)}`],
    hint: "start from a number, a list, a draw or another parameter: `= 0`, `~ normal(0, 0.1)`, `= W`",
  });
  return undefined;
}

/** Another parameter stands for its own initial value, until all are known. */
function isStarted(frame: Frame, leaf: Node): boolean {
  if (leaf.op !== "stored") return false;
  const role = frame.trace?.model.parameters.get(leaf.attributes.name)?.declaration.role;
  return role !== undefined && role !== "fitted";
}

const closedLeaves: ReadonlySet<string> = new Set(["constant", "iota", "random"]);

function leafText(leaf: Node): string {
  if (leaf.op === "input" || leaf.op === "stored") return `\`${leaf.attributes.name}\``;
  if (leaf.op === "dimension") return `the free dimension ${dimText(leaf.attributes.dim)}`;
  if (leaf.op === "hostScalar") return `\`${leaf.attributes.name}\``;
  return "what passes through a scan";
}

export function declareState(statement: ast.StateStatement, frame: Frame): void {
  const value = frame.run.evaluator.expression(statement.value, frame);
  const whole = value.kind === "tensor" ? value.node : { type: "f32" as const, shape: [] };
  const type = statement.type === undefined ? whole.type : storedType(statement.type.element);
  const shape = statement.type === undefined ? whole.shape : evaluateShape(statement.type, frame);
  if (shape === undefined) {
    bindFixed(frame, statement.name, statement.nameSpan, poison, "state");
    return;
  }
  if (isCarriedShape(shape)) {
    const carried = declareCarried(frame, statement, { value, type, shape });
    if (carried === undefined) {
      bindFixed(frame, statement.name, statement.nameSpan, poison, "state");
    } else bindState(frame, statement, carried.declaration.name, carried.leaf);
    return;
  }
  const record = declare(frame, {
    name: statement.name,
    role: "state",
    type,
    half: isHalf(statement.type),
    shape,
    span: statement.nameSpan,
    typeSpan: statement.type?.span ?? statement.nameSpan,
    initial: (path, known) =>
      initialOf(frame, { value, span: statement.value.span }, known, type, path, false),
  });
  if (record === undefined || frame.trace === undefined) {
    bindFixed(frame, statement.name, statement.nameSpan, poison, "state");
    return;
  }
  bindState(frame, statement, record.declaration.name, record.leaf);
}

/** The name stands for what the state is at this place of the trace. */
function bindState(frame: Frame, statement: ast.StateStatement, path: string, leaf: Node): void {
  const current = frame.trace?.states.get(path) ?? leaf;
  const read = leafValue(frame, statement.type?.element, current);
  if (isTaken(frame, statement.name, statement.nameSpan, read)) return;
  bind(frame.scope, statement.name, read, {
    place: { unit: frame.unit, span: statement.nameSpan },
    fixed: "state",
    state: path,
    classes: statement.type?.classes && classCount(statement.type.classes, frame),
  });
}

export function declareFitted(statement: ast.FittedStatement, frame: Frame): void {
  const value = frame.run.evaluator.expression(statement.value, frame);
  const node = isSpoilt(value) ? undefined : toTensor(frame, { value, span: statement.value.span });
  const type = statement.type === undefined ? node?.type : storedType(statement.type.element);
  const shape = statement.type === undefined ? node?.shape : evaluateShape(statement.type, frame);
  if (
    node === undefined ||
    shape === undefined ||
    type === undefined ||
    frame.trace === undefined
  ) {
    bindFixed(frame, statement.name, statement.nameSpan, poison, "fitted");
    return;
  }
  const record = declare(frame, {
    name: statement.name,
    role: "fitted",
    type,
    half: isHalf(statement.type),
    shape,
    span: statement.nameSpan,
    typeSpan: statement.type?.span ?? statement.value.span,
    initial: () => undefined,
  });
  if (record !== undefined)
    fit(frame, statement, record, isHalf(statement.type) ? rounded(frame.run.builder, node) : node);
  const bound: Value =
    record === undefined ? poison : leafValue(frame, statement.type?.element, record.leaf);
  bindFixed(frame, statement.name, statement.nameSpan, bound, "fitted");
}

function fit(
  frame: Frame,
  statement: ast.FittedStatement,
  record: ParameterRecord,
  node: Node,
): void {
  const { name, shape, type } = record.declaration;
  const same =
    node.shape.length === shape.length &&
    node.shape.every((dim, axis) => dimEqual(dim, shape[axis] ?? -1));
  if (!same || node.type !== type) {
    const declaredText = same ? fullTypeText : typeText;
    report(frame, "NN0312", statement.value.span, {
      message: `\`${statement.name}\` is not fitted in the declared ${same ? "type" : "shape"}`,
      notes: [`declared ${declaredText({ type, shape })}`, `found ${declaredText(node)}`],
      hint: same
        ? `\`${type}(${excerpt(frame, statement.value.span)})\` has the declared type`
        : node.shape.some((dim) => typeof dim !== "number")
          ? "reduce over the batch: `mean(x, axis: 0)`"
          : `declare what it is, \`fitted ${statement.name}: ${typeText(node)} = …\`, or reduce it further`,
    });
    return;
  }
  if (frame.scan !== undefined) {
    report(frame, "NN0403", statement.span, {
      message: "a `fitted` value cannot be declared inside a `scan`",
    });
    return;
  }
  frame.trace?.fitted.set(name, node);
}

/** Whether another declaration of the body bears the name; the next turn of a `for` declares it again. */
function isTaken(frame: Frame, name: string, span: Span, value: Value): boolean {
  const before = frame.scope.names.get(name);
  if (before?.fixed === undefined || before.place?.span.start === span.start) return false;
  if (!isSpoilt(value)) reportTaken(frame, name, span, before);
  return true;
}

function bindFixed(
  frame: Frame,
  name: string,
  span: Span,
  value: Value,
  fixed: "parameter" | "state" | "fitted",
): void {
  if (isTaken(frame, name, span, value)) return;
  bind(frame.scope, name, value, { place: { unit: frame.unit, span }, fixed });
}

/** The parameter at the instance's path: made by the first call, found again by later ones and other traces. */
function declare(frame: Frame, wanted: Wanted): ParameterRecord | undefined {
  const model = frame.trace?.model;
  // Elsewhere it was reported with its placement.
  if (model === undefined || (frame.body !== "layer" && frame.body !== "model")) {
    spoil(frame);
    return undefined;
  }
  const shape = fixedShape(frame, wanted);
  if (shape === undefined) return undefined;
  const path = parameterPath(frame, model, wanted.name, wanted.span);
  if (path === undefined) {
    report(frame, "NN0406", wanted.span, {
      message: `\`${wanted.name}\` is declared twice here`,
      hint: "each parameter of a layer has a name of its own",
    });
    return undefined;
  }
  const known = model.parameters.get(path);
  if (known !== undefined) return sameShape(frame, wanted, known, shape);
  return create(frame, model, wanted, path, shape);
}

function create(
  frame: Frame,
  model: ModelState,
  wanted: Wanted,
  path: string,
  shape: readonly number[],
): ParameterRecord | undefined {
  const leaf = builderAt(frame, wanted.span).stored(path, { type: wanted.type, shape });
  const given = wanted.initial(path, shape);
  const initial = wanted.half && given ? rounded(frame.run.builder, given) : given;
  const record: ParameterRecord = {
    declaration: {
      name: path,
      role: wanted.role,
      type: wanted.type,
      ...(wanted.half && { half: true as const }),
      shape,
      initial,
      place: placeOf(frame, wanted.span),
    },
    leaf,
    place: { unit: frame.unit, span: wanted.span },
  };
  model.parameters.set(path, record);
  return record;
}

/** No parameter's shape depends on a free dimension. */
function fixedShape(frame: Frame, wanted: Wanted): number[] | undefined {
  const shape: number[] = [];
  for (const dim of wanted.shape) {
    if (typeof dim === "number") {
      shape.push(dim);
      continue;
    }
    const names = [...freeNames(dim)].map((name) => `\`${name}\``).join(" and ");
    report(frame, "NN0407", wanted.typeSpan, {
      message: `the shape of \`${wanted.name}\` depends on ${names}, which is chosen at run time`,
      notes: [
        `its shape would be ${shapeText(wanted.shape)}`,
        "a parameter keeps its shape whatever the batch",
      ],
      hint:
        wanted.role === "fitted"
          ? "reduce over the batch: `mean(x, axis: 0)`"
          : wanted.role === "state"
            ? "use dimensions that are known while compiling; in front `batch` may stand: `[batch, units]` passes from batch to batch"
            : "use a dimension that is known while compiling, such as the last axis",
    });
    return undefined;
  }
  return shape;
}

function sameShape(
  frame: Frame,
  wanted: Wanted,
  known: ParameterRecord,
  shape: readonly number[],
): ParameterRecord | undefined {
  if (shapeText(known.declaration.shape) === shapeText(shape)) return known;
  report(frame, "NN0408", wanted.span, {
    message: `\`${known.declaration.name}\` would have two shapes`,
    notes: [
      `an earlier call of the same instance made it ${shapeText(known.declaration.shape)}`,
      `this one wants ${shapeText(shape)}`,
    ],
    hint: "calls of a shared layer take inputs of one shape",
  });
  return undefined;
}

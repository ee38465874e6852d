// `input` and `target` statements come in; their declarations, free dimensions and leaves, the same for all traces, go out.
import type * as ast from "../../../grammar/ast.js";
import { editDistance } from "../../../grammar/nearest.js";
import type { Span } from "../../../grammar/span.js";
import { dimText, freeDim } from "../../types/dimension.js";
import type { Node, Shape } from "../../types/graph.js";
import type { InputDeclaration, OfTraces } from "../../types/model.js";
import type { Frame, InputRecord, ModelState, TraceState } from "../context.js";
import { evaluateShape, storedType, unknownNames } from "../values/dimensions.js";
import { draw } from "./draws.js";
import { classCount, drawsClasses } from "../values/indices.js";
import { leafValue } from "../values/halves.js";
import { findLeaf } from "../values/graphs.js";
import { outermostPath } from "../calls/naming.js";
import { report } from "../report.js";
import { bind, type Scope } from "../values/scope.js";
import { checkDeclared } from "../calls/signatures.js";
import { reportTaken } from "./statementNames.js";
import { builderAt, fits, placeOf } from "../values/tensors.js";
import { asNumber, describe, isPoison, isSpoilt, poison, type Value } from "../values/values.js";

type Statement = ast.InputStatement | ast.TargetStatement;

export function runInput(statement: Statement, frame: Frame, trace: TraceState): void {
  const role = statement.kind === "Input" ? "input" : "target";
  const before = frame.scope.names.get(statement.name);
  if (before !== undefined) {
    reportTaken(frame, statement.name, statement.nameSpan, before);
    return;
  }
  const bound: Value = declare(statement, frame, trace, role) ?? poison;
  bind(frame.scope, statement.name, bound, {
    place: { unit: frame.unit, span: statement.nameSpan },
    fixed: role,
  });
}

function declare(
  statement: Statement,
  frame: Frame,
  { model }: TraceState,
  role: "input" | "target",
): Value | undefined {
  declareFree(statement.type, frame, model);
  const shape = evaluateShape(statement.type, frame);
  const categories = categoriesOf(statement.type, frame);
  const known = model.inputs.get(statement.name);
  if (known !== undefined) {
    const own = sourceOf(statement, frame, known.leaf.shape, known.declaration.type);
    if (own === undefined) return undefined;
    const source = withInference(known.declaration.source, own);
    model.inputs.set(statement.name, { ...known, declaration: { ...known.declaration, source } });
    return leafValue(frame, statement.type.element, known.leaf);
  }
  if (shape === undefined || categories === "wrong") return undefined;
  const type = storedType(statement.type.element);
  const leaf = builderAt(frame, statement.span).input(statement.name, { type, shape });
  const source = sourceOf(statement, frame, shape, type);
  if (source === undefined) return undefined;
  const missing = missingOf(statement, frame, categories);
  if (missing === "wrong") return undefined;
  const record: InputRecord = {
    leaf,
    declaration: {
      name: statement.name,
      role,
      type,
      categories,
      range: undefined,
      shape,
      missing,
      masked: false,
      source,
      doc: statement.doc,
      place: placeOf(frame, statement.span),
    },
  };
  model.inputs.set(statement.name, record);
  return leafValue(frame, statement.type.element, leaf);
}

/** The trace for training ran first, this one says what stands outside of it. */
function withInference(
  training: InputDeclaration["source"],
  own: InputDeclaration["source"],
): InputDeclaration["source"] {
  if (training.kind === "given" || own.kind === "given") return own;
  return { ...own, value: { ...training.value, inference: own.value.inference } };
}

/** Binds the unknown names of a shape as free dimensions. */
function declareFree(type: ast.TensorType, frame: Frame, model: ModelState): void {
  for (const entry of type.dimensions) {
    if (entry.kind === "SpreadDimension") continue;
    for (const name of unknownNames(entry, frame)) {
      if (foreignBatch.has(name)) {
        reportForeignBatch(name, entry.span, frame);
        model.freeDimensions.add("batch");
        bind(frame.scope, name, { kind: "dimension", dim: asSymbol("batch") });
        continue;
      }
      warnNear(name, entry.span, frame, model);
      model.freeDimensions.add(name);
      bind(frame.scope, name, { kind: "dimension", dim: asSymbol(name) });
    }
  }
}

/** What the axis of examples is called elsewhere. */
const foreignBatch: ReadonlySet<string> = new Set([
  ...["None", "batch_size", "batchsize", "batch_dim", "bs", "Batch", "BATCH", "minibatch"],
]);

function reportForeignBatch(name: string, span: Span, frame: Frame): void {
  report(frame, "NN0211", span, {
    message: `\`${name}\` is no dimension: the free one, of the examples, is called \`batch\``,
    notes: [
      "how many examples there are is chosen at run time, or by `batch 64` in a `train` block",
    ],
    hint: "write `batch` in its place",
  });
}

function asSymbol(name: string): ReturnType<typeof freeDim> {
  return freeDim(name);
}

/** A free dimension one edit away from a known name is most likely a slip. */
function warnNear(name: string, span: Span, frame: Frame, model: ModelState): void {
  if (name.length < 3 || model.freeDimensions.has(name)) return;
  const known = ["batch", ...model.freeDimensions, ...numbersIn(frame.scope)];
  const near = known.find((other) => other !== name && editDistance(name, other, 1) <= 1);
  if (near === undefined || name === "batch") return;
  report(frame, "NN0211", span, {
    severity: "warning",
    message: `\`${name}\` becomes a free dimension of its own`,
    notes: [`it is one letter away from \`${near}\`, which is known`],
    hint: `did you mean \`${near}\`?`,
  });
}

/** The user's own compile-time integers in reach. */
function numbersIn(scope: Scope): string[] {
  const found: string[] = [];
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    for (const [name, { value }] of at.names) if (value.kind === "int") found.push(name);
    for (const [name, { place, value }] of at.lazy) {
      if (!place.unit.prelude && value?.kind === "int") found.push(name);
    }
  }
  return found;
}

function categoriesOf(type: ast.TensorType, frame: Frame): number | undefined | "wrong" {
  if (type.classes === undefined) return undefined;
  const count = classCount(type.classes, frame);
  if (typeof count === "number") return count;
  if (count !== undefined) {
    report(frame, "NN0311", type.classes.span, {
      message: `the number of classes is known while compiling; ${dimText(count)} is a free dimension`,
    });
  }
  return "wrong";
}

/** What stands for a missing value is one that the data could have. */
function missingOf(
  { missing, type }: Statement,
  frame: Frame,
  categories: number | undefined,
): number | undefined | "wrong" {
  if (missing === undefined) return undefined;
  const value = frame.run.evaluator.expression(missing, frame);
  const isTruth = storedType(type.element) === "bool";
  const number = isTruth && value.kind === "bool" ? Number(value.value) : asNumber(value);
  if (number !== undefined) {
    const held = fits(number, storedType(type.element)) && number < (categories ?? Infinity);
    if (held) return number;
    const wanted = categories === undefined ? type.element : `category(${categories})`;
    report(frame, "NN0306", missing.span, {
      message: `the number ${number} does not fit into ${wanted}`,
      notes: ["what stands for a missing value is a value of the input's own type"],
      hint:
        categories === undefined
          ? undefined
          : `write a class from 0 to ${categories - 1}, or give missing values one of their own: \`category(${categories + 1})\``,
    });
    return "wrong";
  }
  if (!isPoison(value)) {
    report(frame, "NN0311", missing.span, {
      message: `what stands for a missing value is ${isTruth ? "true or false" : "a number"}, not ${describe(value)}`,
    });
  }
  return "wrong";
}

function sourceOf(
  statement: Statement,
  frame: Frame,
  shape: Shape,
  type: Node["type"],
): InputDeclaration["source"] | undefined {
  if (statement.distribution !== undefined) {
    const { span } = statement.distribution;
    const value = frame.run.evaluator.expression(statement.distribution, frame);
    const path = outermostPath(frame, `input/${statement.name}`);
    const node = draw(frame, { value, span }, shape, type, path);
    const isKnown = node !== undefined && drawsClasses(frame, statement, { node, span });
    return isKnown ? { kind: "drawn", value: ofBoth(node) } : undefined;
  }
  if (statement.kind !== "Target" || statement.value === undefined) return { kind: "given" };
  const value = frame.run.evaluator.expression(statement.value, frame);
  const checked = checkDeclared(
    frame,
    statement.type,
    value,
    `the target \`${statement.name}\``,
    statement.value.span,
  );
  if (isSpoilt(checked) || checked.kind !== "tensor") return undefined;
  // Its readers were made for what is declared: an `i32` that stands for classes is `u32` to them.
  const node = frame.run.builder.cast(checked.node, type);
  return computedFromData(statement, statement.value.span, frame, node);
}

/** Until the other trace has said its own. */
const ofBoth = (node: Node): OfTraces<Node> => ({ inference: node, training: node });

function computedFromData(
  statement: Statement,
  span: Span,
  frame: Frame,
  node: Node,
): InputDeclaration["source"] | undefined {
  const stored = findLeaf(node, (leaf) => leaf.op === "stored");
  if (stored?.op !== "stored") return { kind: "computed", value: ofBoth(node) };
  report(frame, "NN0414", span, {
    message: `the target \`${statement.name}\` depends on the parameter \`${stored.attributes.name}\``,
    notes: ["a computed target is data: it is computed from inputs before the model runs"],
    hint: "put the comparison into the loss: `loss mse(a, stop_gradient(b))`",
  });
  return undefined;
}

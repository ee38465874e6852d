// A distribution or initializer and a shape come in; the node that draws it, or that computes the initial value, goes out.
import type { NameExpression } from "../../../grammar/ast.js";
import type { Span } from "../../../grammar/span.js";
import { isProblem } from "../../ops/problem.js";
import { distributions } from "../../ops/primitives.js";
import { elementCount, multiplyDims, shapeEqual, shapeText } from "../../types/dimension.js";
import type { ElementType, Node, Shape } from "../../types/graph.js";
import { runBody } from "../calls/calls.js";
import type { DrawPath, Frame } from "../context.js";
import { callSite, newActivation } from "../frames.js";
import { calleeOf } from "../calls/functions.js";
import { pathText } from "../calls/naming.js";
import { walk } from "../calls/syntax.js";
import { report, reportArgumentOf } from "../report.js";
import { findLeaf } from "../values/graphs.js";
import { asOperands } from "../values/halves.js";
import { bind, newScope } from "../values/scope.js";
import { bindParameters } from "../calls/signatures.js";
import { builderAt, reportProblem, toTensor, type Operand } from "../values/tensors.js";
import {
  describe,
  fromDim,
  isSpoilt,
  list,
  typeText,
  type ClosureValue,
  type DistributionValue,
  type InitializerValue,
  type Value,
} from "../values/values.js";

/** A draw of a shape and element type from a stream; undefined when a mistake was reported. */
export function draw(
  frame: Frame,
  source: Operand,
  shape: Shape,
  type: ElementType,
  path: DrawPath,
): Node | undefined {
  const { span } = source;
  const value = asInitializer(frame, source.value, span);
  if (isSpoilt(value)) return undefined;
  if (value.kind === "distribution")
    return drawFrom(frame, value, span, shape, type, pathText(path));
  if (value.kind === "initializer") return drawByBody(frame, value, span, shape, type, path);
  report(frame, "NN0413", span, {
    message: `\`~\` draws from a distribution, not from ${describe(value)}`,
    hint:
      value.kind === "tensor" || value.kind === "int" || value.kind === "float"
        ? "`=` gives a value without drawing"
        : "the distributions are uniform, normal, bernoulli, randint and categorical, and what an `init` declares",
    wrong: { value, kind: "distribution" },
  });
  return undefined;
}

/** What the body of an initializer makes for a shape, its own draws named below this one's. */
function drawByBody(
  frame: Frame,
  initializer: InitializerValue,
  span: Span,
  shape: Shape,
  type: ElementType,
  path: DrawPath,
): Node | undefined {
  const inner: Frame = { ...frame, body: "init", activation: newActivation(), drawPath: path };
  const made = runInitializer(inner, initializer, shape, span);
  if (isSpoilt(made)) return undefined;
  if (made.kind === "distribution") return drawFrom(frame, made, span, shape, type, pathText(path));
  return filled(frame, { value: made, span }, shape, type, "the draw");
}

function drawFrom(
  frame: Frame,
  distribution: DistributionValue,
  span: Span,
  shape: Shape,
  type: ElementType,
  path: string,
): Node | undefined {
  const values: (Node | number)[] = [];
  for (const parameter of distribution.parameters) {
    if (parameter.kind === "int" || parameter.kind === "float") {
      values.push(parameter.value);
      continue;
    }
    const node = toTensor(frame, { value: parameter, span });
    if (node === undefined) return undefined;
    values.push(node);
  }
  const builder = builderAt(frame, span);
  const drawn = distributions[distribution.name].draw(builder, { path, type, shape }, values);
  if (!isProblem(drawn)) {
    const tensors = values.filter((node) => typeof node !== "number");
    return asOperands(builder, drawn, tensors);
  }
  reportProblem(frame, span, drawn, []);
  return undefined;
}

/** The initial value of a parameter: drawn (`~`) from a distribution or initializer, or given (`=`). */
export function initialValue(
  frame: Frame,
  source: Operand,
  shape: readonly number[],
  type: ElementType,
  drawn: boolean,
): Node | undefined {
  const { value, span } = source;
  const made = runInitializer(frame, asInitializer(frame, value, span), shape, span);
  if (isSpoilt(made)) return undefined;
  const produced = made !== value;
  const draws = made.kind === "distribution" || (produced && drawsInside(made));
  if (draws && !drawn) {
    report(frame, "NN0413", span, {
      message: `\`=\` gives a value; ${describe(value)} is drawn with \`~\``,
      hint: isState(frame, span)
        ? "what is drawn once and then kept is a `param` that does not train: `param R: [3, 5] ~ normal()`, and `freeze R` in the train block"
        : "write `~` in place of `=`",
    });
    return undefined;
  }
  if (made.kind === "distribution") {
    return drawFrom(frame, made, span, shape, type, pathText(frame.drawPath));
  }
  if (drawn && !produced) return draw(frame, source, shape, type, frame.drawPath);
  return filled(frame, { value: made, span }, shape, type, "the parameter");
}

/** Whether it is a state that starts from what stands there. */
const isState = ({ unit }: Frame, { start }: Span): boolean =>
  /\bstate\s+\w+\s*(:[^=]*)?=\s*$/.test(unit.source.text.slice(Math.max(0, start - 200), start));

function drawsInside(made: Value): boolean {
  return made.kind === "tensor" && findLeaf(made.node, ({ op }) => op === "random") !== undefined;
}

/** An `init` without its parentheses, as in `~ orthogonal`. */
function asInitializer(frame: Frame, value: Value, span: Span): Value {
  if (value.kind !== "function" || value.form !== "closure") return value;
  if (value.declaration.kind !== "Init") return value;
  const missing = value.declaration.parameters.filter((own) => own.default === undefined);
  if (missing.length > 0) return reportUncalled(frame, value, missing, span);
  return { kind: "initializer", target: value, given: [], call: { unit: frame.unit, span, frame } };
}

/** An initializer that wants arguments is called with them, wherever it is named. */
function reportUncalled(
  frame: Frame,
  { declaration: { name } }: ClosureValue,
  missing: readonly { readonly name: string }[],
  span: Span,
): Value {
  const names = missing.map((own) => `\`${own.name}\``).join(" and ");
  return reportArgumentOf(frame, "NN0202", span, () => ({
    message: `${name} is called without ${names}`,
    hint: `call it: \`${name}(${missing.map((own) => `${own.name}: …`).join(", ")})\``,
  }));
}

function filled(
  frame: Frame,
  source: Operand,
  shape: Shape,
  type: ElementType,
  what: string,
): Node | undefined {
  const node = toTensor(frame, source, source.value.kind === "tensor" ? undefined : type);
  if (node === undefined) return undefined;
  const joined = frame.run.builder.tryNode("broadcast", [node], { shape });
  if (!isProblem(joined)) {
    return frame.run.builder.cast(shapeEqual(node.shape, shape) ? node : joined, type);
  }
  report(frame, "NN0312", source.span, {
    message: `this value does not fill the shape of ${what}`,
    notes: [`${what} is ${shapeText(shape)}`, `the value is ${typeText(node)}`],
  });
  return undefined;
}

/** What an initializer gives for a shape; any other value is itself. */
function runInitializer(frame: Frame, value: Value, shape: Shape, span: Span): Value {
  if (value.kind !== "initializer") return value;
  const { name } = value.target.declaration;
  if (shape.length < 2 && asksForFans(value)) {
    return report(frame, "NN0410", span, {
      message: `the initializer ${name} wants a shape of two axes at least, this is ${shapeText(shape)}`,
      notes: ["`fan_in` and `fan_out` are the last two axes"],
      hint: "use `= 0`, or a plain distribution: `~ normal(0, 0.1)`",
    });
  }
  return callInitializer(frame, value, shape, span);
}

const fans: readonly string[] = ["fan_in", "fan_out"];

function asksForFans({ target: { declaration } }: InitializerValue): boolean {
  let asks = false;
  walk(declaration, (node) => {
    if (node.kind === "Name") asks ||= fans.includes((node as NameExpression).name);
  });
  return asks;
}

function callInitializer(frame: Frame, value: InitializerValue, shape: Shape, span: Span): Value {
  const { target } = value;
  const { declaration } = target;
  if (declaration.kind !== "Init") return value;
  const caller = value.call.frame;
  const scope = newScope(target.scope);
  bind(scope, "shape", list(shape.map(fromDim)));
  if (shape.length > 1) {
    const receptive = elementCount(shape.slice(0, -2));
    const [into, out] = shape.slice(-2);
    bind(scope, "fan_in", fromDim(multiplyDims(receptive, into ?? 1)));
    bind(scope, "fan_out", fromDim(multiplyDims(receptive, out ?? 1)));
  }
  const matched = new Map(value.given.map((argument) => [argument.name ?? "", argument]));
  const body: Frame = {
    ...frame,
    unit: target.unit,
    scope,
    body: "init",
    instance: undefined,
    call: callSite(caller, value.call.span, declaration.name, matched),
    declaration,
    depth: caller.depth + 1,
    scan: undefined,
  };
  const callee = calleeOf(frame, target);
  const request = { caller, body, closure: target, callee, matched, span: value.call.span };
  if (!bindParameters({ ...request, name: declaration.name })) return { kind: "poison" };
  const result = runBody(declaration.body, body);
  return runInitializer(frame, result, shape, span);
}

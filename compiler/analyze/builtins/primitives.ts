// The op table's primitives come in; the same as functions of the language, folded where everything is known while compiling, go out.
import type { Span } from "../../../grammar/span.js";
import { isProblem, type ShapeProblem } from "../../ops/problem.js";
import { primitives, type Argument, type Parameter, type Primitive } from "../../ops/primitives.js";
import { holdsHalves } from "../../ops/halves.js";
import type { Dim } from "../../types/dimension.js";
import type { Node } from "../../types/graph.js";
import type { Frame, Builtin, BuiltinCall } from "../context.js";
import { foldCall } from "./folds.js";
import { admits, described, hintOf, kinds } from "../kinds.js";
import { writtenPlace } from "../origins.js";
import { excerpt, report } from "../report.js";
import { asOperands, insists, inType, rounded } from "../values/halves.js";
import { fromTheEnd, holdToRange, knownNumbers, type IndexOperand } from "../values/indices.js";
import { builderAt, commonType, reportProblem, toTensor, unify } from "../values/tensors.js";
import {
  asDim,
  asIntegers,
  describe,
  list,
  listItems,
  poison,
  tensor,
  type Value,
} from "../values/values.js";

export function tensorBuiltins(): Builtin[] {
  return Object.values(primitives).map(wrap);
}

function wrap(op: Primitive): Builtin {
  return {
    name: op.name,
    parameters: op.parameters.map((parameter) =>
      parameter.default === undefined && parameter.optional !== true
        ? parameter.name
        : `${parameter.name}?`,
    ),
    apply: (call) => foldCall(call, op) ?? build(call, op),
  };
}

function build(call: BuiltinCall, op: Primitive): Value {
  const { frame, span } = call;
  const values = convertAll(call, op);
  if (values === undefined) return poison;
  const held = holdIndices(call, op, values);
  if (held === undefined) return poison;
  const { given, finish } = inPrecision(frame, op, held);
  const made = op.build(builderAt(frame, span), given);
  if (isProblem(made)) {
    const operands = op.parameters.flatMap((parameter, index) => {
      const value = values[index];
      return isNode(value) ? [{ node: value, span: call.spans.get(parameter.name) ?? span }] : [];
    });
    const [only, another] = made.operands.flatMap((n) => op.parameters[n] ?? []);
    const written =
      only === undefined || another !== undefined ? undefined : call.spans.get(only.name);
    const isAxis = made.about === "axis" && (only?.kind === "axis" || only?.kind === "axes");
    if ((made.about !== "argument" && !isAxis) || written === undefined) {
      return reportProblem(frame, span, { ...made, operands: [] }, operands, typeHint(made));
    }
    const place = writtenPlace(frame, frame.unit, written);
    const at = { ...place.frame, unit: place.unit };
    return reportProblem(at, place.span, { ...made, operands: [] }, []);
  }
  if (op.results === "several") return list(made.map((node) => tensor(finish(node))));
  const [node] = made;
  return node === undefined ? poison : tensor(finish(node));
}

/** Arguments as what they meet reads them, and results in its precision: all is computed in f32, and rounded once at its end. */
function inPrecision(
  { run: { builder, halves } }: Frame,
  op: Primitive,
  values: readonly (Argument | undefined)[],
): {
  readonly given: readonly (Argument | undefined)[];
  readonly finish: (node: Node) => Node;
} {
  const real = values.flatMap(nodesIn).filter(({ type }) => type === "f32");
  if (op.gives !== undefined) {
    const type = op.gives;
    const follows = (node: Node): boolean => halves.mentioned && type === "f32" && !insists(node);
    return {
      given: values,
      finish: (node) => {
        if (type === "f16") return rounded(builder, node);
        return follows(node) ? builder.widen(node) : inType(builder, node, type);
      },
    };
  }
  if (!real.some(holdsHalves) || real.some(insists)) {
    return { given: values, finish: (node) => node };
  }
  const read = (value: Argument | undefined): Argument | undefined => {
    if (Array.isArray(value)) return (value as readonly Argument[]).map((item) => read(item) ?? 0);
    return isNode(value) && value.type === "f32" ? inType(builder, value, "f16") : value;
  };
  const given = values.map(read);
  return { given, finish: (node) => asOperands(builder, node, real) };
}

function nodesIn(value: Argument | undefined): readonly Node[] {
  if (Array.isArray(value)) return (value as readonly Argument[]).flatMap(nodesIn);
  return isNode(value) ? [value] : [];
}

/** Floats where classes or places are wanted. */
const typeHint = ({ about, found }: ShapeProblem): string | undefined =>
  about === "type" && found === "f32"
    ? "`u32(x)` makes integers; an input of classes is declared as `category(10)[batch]`"
    : undefined;

/** `[(n + 1) / 2]` where whole numbers are wanted. */
function fractionHint(value: Value): string | undefined {
  const fraction = (listItems(value) ?? [value]).some(
    (entry) => entry.kind === "float" && asDim(entry) === undefined,
  );
  return fraction
    ? "`/` never rounds: `(a - a % b) / b` is the whole part of a quotient"
    : undefined;
}

/** The arguments, an index among them held to its range; undefined when a mistake was reported. */
function holdIndices(
  call: BuiltinCall,
  op: Primitive,
  values: readonly (Argument | undefined)[],
): readonly (Argument | undefined)[] | undefined {
  const { frame, span } = call;
  const indexing = op.indexing(builderAt(frame, span), values);
  // Arguments that do not fit are told when the call is built.
  if (indexing === undefined || isProblem(indexing)) return values;
  const name = op.parameters[indexing.position]?.name ?? "";
  const value = call.values.get(name);
  const given = values[indexing.position];
  if (value === undefined || !isNode(given) || !isInteger(given)) return values;
  const operand = { value, node: given, span: call.spans.get(name) ?? span };
  const held = holdToRange(
    frame,
    indexing.fromTheEnd === true ? countedFromTheEnd(frame, operand, indexing.extent) : operand,
    indexing,
  );
  return held && values.map((other, position) => (position === indexing.position ? held : other));
}

/** Integers that are known while compiling: negative ones that name an entry count from the end. */
function countedFromTheEnd(frame: Frame, operand: IndexOperand, extent: Dim): IndexOperand {
  const numbers = knownNumbers(asIntegers(operand.value));
  const isInside = (entry: number): boolean => typeof extent !== "number" || entry >= -extent;
  if (numbers?.some((entry) => entry < 0) !== true || !numbers.every(isInside)) return operand;
  const value = fromTheEnd(asIntegers(operand.value), extent);
  const node = toTensor(frame, { value, span: operand.span });
  return node === undefined ? operand : { ...operand, value, node };
}

const isInteger = ({ type }: Node): boolean => type === "i32" || type === "u32";

function isNode(value: Argument | undefined): value is Node {
  return typeof value === "object" && "op" in value;
}

function convertAll(call: BuiltinCall, op: Primitive): (Argument | undefined)[] | undefined {
  const pair = op.folding.pairwise === undefined ? undefined : pairOf(call, op);
  if (pair === "wrong") return undefined;
  const values: (Argument | undefined)[] = [];
  for (const parameter of op.parameters) {
    const paired = pair?.get(parameter.name);
    const value = call.values.get(parameter.name);
    if (paired !== undefined) values.push(paired);
    else if (value === undefined) values.push(undefined);
    else {
      const converted = convert(call, parameter, value);
      if (converted === undefined) return undefined;
      values.push(converted);
    }
  }
  return values;
}

/** Both values of a function that is also one of two meet in one element type. */
function pairOf(
  { values, spans, span, frame }: BuiltinCall,
  op: Primitive,
): Map<string, Node> | "wrong" | undefined {
  const [first = "", second = ""] = op.parameters.map(({ name }) => name);
  const x = values.get(first);
  const y = values.get(second);
  if (x === undefined || y === undefined) return undefined;
  const operands = [
    { value: x, span: spans.get(first) ?? span },
    { value: y, span: spans.get(second) ?? span },
  ];
  const common = commonType([x, y]);
  const [a, b] = unify(frame, operands, common === "bool" ? "i32" : common) ?? [];
  if (a === undefined || b === undefined) return "wrong";
  return new Map([
    [first, a],
    [second, b],
  ]);
}

/** A value as the op table takes it; undefined when a mistake was reported. */
function convert(call: BuiltinCall, parameter: Parameter, value: Value): Argument | undefined {
  const { frame } = call;
  const span = call.spans.get(parameter.name) ?? call.span;
  if (parameter.kind === "tensor") {
    if (parameter.untyped === true && value.kind === "int") return value.value;
    return toTensor(frame, { value, span });
  }
  if (parameter.kind === "index" && admits("index", value)) {
    return toTensor(frame, { value: asIntegers(value), span });
  }
  if (parameter.kind === "tensors") return tensorsOf(frame, value, span);
  const plain = admits(parameter.kind, value) ? plainArgument(value) : undefined;
  if (plain !== undefined) return plain;
  const wrong = { value, kind: parameter.kind };
  report(frame, "NN0311", span, {
    message: `\`${parameter.name}\` of ${call.name} is ${kinds[parameter.kind]}, not ${described(wrong)}`,
    hint:
      (excerpt(frame, span).includes("/") ? fractionHint(value) : undefined) ??
      hintOf(frame, wrong),
    wrong,
  });
  return undefined;
}

function tensorsOf(frame: Frame, value: Value, span: Span): Argument | undefined {
  const items = listItems(value);
  if (items === undefined) {
    report(frame, "NN0307", span, {
      message: `a list of tensors is wanted here, not ${describe(value)}`,
      hint: "write them in brackets: `[a, b]`",
      wrong: { value, kind: "tensors" },
    });
    return undefined;
  }
  return unify(
    frame,
    items.map((item) => ({ value: item, span })),
  );
}

/** Numbers, dimensions, words and lists of them. */
function plainArgument(value: Value): Argument | undefined {
  const dim = asDim(value);
  if (dim !== undefined) return dim;
  if (value.kind === "float" || value.kind === "bool" || value.kind === "string")
    return value.value;
  const items = listItems(value)?.map(plainArgument);
  return items?.every((item) => item !== undefined) === true ? items : undefined;
}

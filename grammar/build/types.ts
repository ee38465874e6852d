// Concrete trees of types and parameters come in; those of the syntax tree go out.

import type {
  Dimension,
  WrittenElementType,
  Expression,
  Parameter,
  ResultType,
  TensorType,
  Type,
} from "../ast.js";
import { tokenSpan } from "../lexer.js";
import { nearest } from "../nearest.js";
import type {
  AnnotationCstNode,
  DimensionCstNode,
  ParametersCstNode,
  ResultTypeCstNode,
  ShapeCstNode,
  TypeCstNode,
} from "../parser/cst.js";
import { type BuildContext, first, named, nodeSpan, optional, report } from "./context.js";
import { buildExpression } from "./expressions.js";

const elementTypes = ["f32", "f16", "i32", "u32", "bool", "category"] as const;
const scalarTypes = ["int", "float", "bool", "string"] as const;

export function buildAnnotation(
  context: BuildContext,
  nodes: readonly AnnotationCstNode[] | undefined,
): Type | undefined {
  const node = nodes?.[0];
  return node === undefined ? undefined : buildType(context, first(node.children.type));
}

/** No guess at a type is as good as none: what depends on it would be wrong too. */
function reportType(
  context: BuildContext,
  span: TensorType["span"],
  details: Parameters<typeof report>[3],
): void {
  context.unread += 1;
  report(context, "NN0113", span, details);
}

/** A type that must be a tensor's; any other is reported and taken as a scalar tensor. */
export function buildTensorAnnotation(
  context: BuildContext,
  nodes: readonly AnnotationCstNode[] | undefined,
): TensorType | undefined {
  const type = buildAnnotation(context, nodes);
  return type === undefined ? undefined : tensorOnly(context, type);
}

function tensorOnly(context: BuildContext, type: Type): TensorType {
  if (type.kind === "TensorType") return type;
  const element = type.name === "bool" ? "bool" : type.name === "int" ? "i32" : "f32";
  reportType(context, type.span, {
    message: `\`${type.name}\` is not the type of a tensor`,
    notes: ["it is the type of a compile-time value, which only parameters and constants have"],
    hint: `a scalar tensor is \`${element === "f32" ? "" : element}[]\``,
  });
  return { kind: "TensorType", span: type.span, element, dimensions: [] };
}

function buildType(context: BuildContext, node: TypeCstNode): Type {
  const span = nodeSpan(node);
  const { Word, shape, expression } = node.children;
  const dimensions = shape === undefined ? undefined : buildShape(context, first(shape));
  const word = Word?.[0];
  if (word === undefined) {
    return { kind: "TensorType", span, element: "f32", dimensions: dimensions ?? [] };
  }
  const classes =
    expression === undefined ? undefined : buildExpression(context, first(expression));
  const scalar = scalarTypes.find((name) => name === word.image);
  if (scalar !== undefined && dimensions === undefined && classes === undefined) {
    return { kind: "ScalarType", span, name: scalar };
  }
  const element = elementTypes.find((name) => name === word.image);
  const elementSpan = tokenSpan(word);
  if (element === undefined) reportUnknownType(context, word.image, elementSpan);
  else checkTensorType(context, element, span, dimensions, classes);
  return {
    kind: "TensorType",
    span,
    element: element ?? "f32",
    elementSpan,
    ...optional("classes", element === "category" ? classes : undefined),
    dimensions: dimensions ?? [],
  };
}

function checkTensorType(
  context: BuildContext,
  element: WrittenElementType,
  span: TensorType["span"],
  dimensions: readonly Dimension[] | undefined,
  classes: Expression | undefined,
): void {
  if (element === "category" && classes === undefined) {
    reportType(context, span, {
      message: "a category needs the number of its classes",
      hint: "write `category(10)[batch]`",
    });
  } else if (element !== "category" && classes !== undefined) {
    reportType(context, span, {
      message: `\`${element}\` takes nothing in parentheses`,
      hint: `only a category does: \`category(10)[batch]\``,
    });
  } else if (dimensions === undefined) {
    reportType(context, span, {
      message: "a tensor's type needs a shape",
      hint: `a scalar is \`${element === "category" ? "category(10)" : element}[]\``,
    });
  }
}

const integers = "integers are `i32[…]` or `u32[…]`, classes `category(10)[…]`";
const floats = "a tensor of f32 is its shape alone: `[batch, 4]`";
const shapes = "a shape stands in brackets: `[batch]`";

/** Types as they are called elsewhere, and shapes without their brackets. */
const foreignTypes: Readonly<Record<string, string>> = {
  int: integers,
  integer: integers,
  long: integers,
  int32: integers,
  int64: integers,
  i64: integers,
  uint8: integers,
  float: floats,
  double: floats,
  f32: floats,
  f64: floats,
  float32: floats,
  float64: floats,
  tensor: floats,
  Tensor: floats,
  batch: shapes,
};

function reportUnknownType(context: BuildContext, name: string, span: TensorType["span"]): void {
  const meant = nearest(name, [...elementTypes, ...scalarTypes]);
  const known = Object.hasOwn(foreignTypes, name) ? foreignTypes[name] : undefined;
  reportType(context, span, {
    message: `there is no type \`${name}\``,
    notes: [
      "tensors are `[n]` (f32), `f16[n]`, `i32[n]`, `u32[n]`, `bool[n]` and `category(10)[n]`; " +
        "compile-time values are `int`, `float`, `bool` and `string`",
    ],
    hint:
      known ?? (meant === undefined || meant === name ? undefined : `did you mean \`${meant}\`?`),
  });
}

function buildShape(context: BuildContext, node: ShapeCstNode): Dimension[] {
  return (node.children.dimension ?? []).map((one) => buildDimension(context, one));
}

function buildDimension(context: BuildContext, node: DimensionCstNode): Dimension {
  const { Word, expression } = node.children;
  if (Word === undefined) return buildExpression(context, first(expression));
  return { kind: "SpreadDimension", span: nodeSpan(node), ...named(first(Word)) };
}

export function buildResultType(
  context: BuildContext,
  nodes: readonly ResultTypeCstNode[] | undefined,
): ResultType | undefined {
  const node = nodes?.[0];
  if (node === undefined) return undefined;
  const parts = node.children.type ?? [];
  const types = parts.map((one) => tensorOnly(context, buildType(context, one)));
  const parenthesized = node.children.LeftParenthesis !== undefined;
  const start = parenthesized
    ? tokenSpan(first(node.children.LeftParenthesis)).start
    : first(types).span.start;
  const span = { start, end: nodeSpan(node).end };
  return { kind: "ResultType", span, types, parenthesized };
}

export function buildParameters(
  context: BuildContext,
  nodes: readonly ParametersCstNode[] | undefined,
): Parameter[] {
  return (nodes?.[0]?.children.parameter ?? []).map((node) => {
    const { Word, annotation, expression } = node.children;
    const value =
      expression === undefined ? undefined : buildExpression(context, first(expression));
    return {
      kind: "Parameter",
      span: nodeSpan(node),
      ...named(first(Word)),
      ...optional("type", buildAnnotation(context, annotation)),
      ...optional("default", value),
    };
  });
}

// A tensor that a parameter refuses comes in; a report of it goes out, with what to do where that shows.
import type * as ast from "../../../grammar/ast.js";
import { dimText } from "../../types/dimension.js";
import type { Node, Shape } from "../../types/graph.js";
import type { InputDeclaration } from "../../types/model.js";
import type { ModelState } from "../context.js";
import { excerpt, report } from "../report.js";
import { storedType, type Mismatch } from "../values/dimensions.js";
import { typeText, wordFor, type GivenArgument } from "../values/values.js";
import { sliceOf, type OpenCall } from "./openCall.js";

/** Whether the same tensors were refused together before: a loss and a metric of one prediction are one mistake. */
export function isTold({ body, matched }: OpenCall, parameter: ast.Parameter, node: Node): boolean {
  const { reported } = body.run;
  const others = [...matched.values()].flatMap(({ value }) =>
    value.kind === "tensor" ? [value.node.id] : [],
  );
  const first = others.includes(node.id) ? others : [node.id, ...others];
  const key = `refused ${parameter.name} ${first.join(" ")}`;
  const told = reported.has(key);
  reported.add(key);
  return told;
}

export function reportMismatch(
  call: OpenCall,
  parameter: ast.Parameter,
  { argument, node }: { readonly argument: GivenArgument; readonly node: Node },
  mismatch: Mismatch,
): void {
  if (isTold(call, parameter, node)) {
    call.caller.taint.spoilt = true;
    return;
  }
  const declared = parameter.type === undefined ? "" : sliceOf(call.closure, parameter.type.span);
  const labels = [...call.matched.values()]
    .filter((other) => other.unit === call.caller.unit && other.value.kind === "tensor")
    .map((other) => ({
      span: other.span,
      text: other.value.kind === "tensor" ? typeText(other.value.node) : "",
    }));
  const declaration = call.closure.unit.prelude
    ? []
    : [{ span: parameter.span, text: "declared here", unit: call.closure.unit }];
  report(call.caller, "NN0310", call.span, {
    message: `\`${parameter.name}\` of ${call.name} does not have the shape that it wants`,
    labels: [...labels, ...declaration],
    notes: [
      `${wordFor(call.closure.declaration)} ${call.closure.declaration.name} wants \`${parameter.name}: ${declared}\``,
      `found ${typeText(node)}: ${mismatch.note}`,
    ],
    hint:
      withoutBatch(call, node.shape) ??
      withoutExamples(call, parameter, node) ??
      mismatchHint(call, parameter, argument, node.shape) ??
      pairHint(call, node.shape),
  });
}

/** The argument as it is written, where that is short; else `x`. */
function written({ caller }: OpenCall, { unit, span }: GivenArgument): string {
  const text = unit === caller.unit ? excerpt(caller, span) : "";
  return /^[A-Za-z_]\w*$/.test(text) ? text : "x";
}

/** Of `[64, 10]` against `[batch]`: the input whose first axis is a number where that of others is free. */
function withoutBatch(call: OpenCall, shape: Shape): string | undefined {
  const tensors = [...call.matched.values()].flatMap(({ value }) =>
    value.kind === "tensor" ? [value.node.shape] : [],
  );
  const firsts = [shape, ...tensors].map(([first]) => first);
  if (!firsts.some((first) => first !== undefined && typeof first !== "number")) return undefined;
  const inputs = [...(call.caller.trace?.model.inputs.values() ?? [])];
  const fixed = inputs.find(({ declaration }) => {
    const [first] = declaration.shape;
    return typeof first === "number" && first > 1 && firsts.includes(first);
  });
  if (fixed === undefined) return undefined;
  const { declaration } = fixed;
  return `the number of examples is no part of a model: \`${ofExamples(declaration, 1)}\``;
}

/** Of `[28, 28, 1]` where a signature begins with `batch`: an input that has no axis of examples. */
function withoutExamples(call: OpenCall, parameter: ast.Parameter, node: Node): string | undefined {
  const wanted = parameter.type?.kind === "TensorType" ? parameter.type.dimensions : [];
  const [first] = wanted;
  if (first?.kind !== "Name" || first.name !== "batch") return undefined;
  if (wanted.length !== node.shape.length + 1) return undefined;
  const model = call.caller.trace?.model;
  return model === undefined ? undefined : withAxisOfExamples(model, node);
}

/** Where no input of a model has an axis of examples: the one that a tensor is, or the first, as it is declared with one. */
export function withAxisOfExamples(
  { inputs, freeDimensions }: ModelState,
  node: Node,
): string | undefined {
  if (freeDimensions.has("batch")) return undefined;
  const records = [...inputs.values()];
  const found = records.find(({ leaf }) => leaf === node) ?? records[0];
  if (found === undefined) return undefined;
  const { role, name } = found.declaration;
  return `the ${role} \`${name}\` has no axis of examples: \`${ofExamples(found.declaration, 0)}\` takes any number of them at once`;
}

/** The declaration with `batch` in front, in the place of so many axes. */
function ofExamples(declaration: InputDeclaration, instead: number): string {
  const { role, name, shape } = declaration;
  const dims = ["batch", ...shape.slice(instead).map(dimText)].join(", ");
  return `${role} ${name}: ${elementText(declaration)}[${dims}]`;
}

function elementText({ type, categories }: InputDeclaration): string {
  if (categories !== undefined) return `category(${categories})`;
  return type === "f32" ? "" : type;
}

function mismatchHint(
  call: OpenCall,
  parameter: ast.Parameter,
  argument: GivenArgument,
  shape: Shape,
): string | undefined {
  const wanted = parameter.type?.kind === "TensorType" ? parameter.type.dimensions : [];
  const own = written(call, argument);
  if (wanted.some((entry) => entry.kind === "SpreadDimension")) {
    return shape.length > 1 && shape.at(-1) === 1
      ? `\`${own}[:, 0]\` takes away the last axis of 1`
      : undefined;
  }
  if (wanted.length === shape.length + 1) {
    return `\`${own}[..., new]\` adds an axis of 1 at the end, \`reshape\` one elsewhere`;
  }
  if (shape.length > 2 && wanted.length === 2) return "`flatten` joins all axes but the first";
  return undefined;
}

/** A prediction with more axes than its target. */
function pairHint(call: OpenCall, shape: Shape): string | undefined {
  for (const [name, argument] of call.matched) {
    const { value } = argument;
    if (value.kind !== "tensor") continue;
    const other = value.node.shape;
    if (other.length > shape.length + 1 && shape.length === 1) {
      return `\`flatten\` before the last layer joins all axes of \`${name}\` but the first: \`… |> flatten |> dense(${dimText(other.at(-1) ?? 1)})\``;
    }
    if (other.length === shape.length + 1 && other.at(-1) === 1) {
      return `\`${written(call, argument)}[:, 0]\` takes away its last axis of 1`;
    }
  }
  return undefined;
}

/** Labels that are numbers, or one-hot rows, where a signature wants classes. */
export function labelHint(
  call: OpenCall,
  type: ast.TensorType,
  argument: GivenArgument,
  node: Node,
): string | undefined {
  if (type.classes === undefined || node.type !== "f32" || storedType(type.element) === "f32") {
    return undefined;
  }
  const own = written(call, argument);
  const scores = [...call.matched.values()].flatMap(({ value }) =>
    value.kind === "tensor" && value.node !== node ? [value.node.shape] : [],
  )[0];
  const classes = scores?.at(-1);
  if (scores === undefined || typeof classes !== "number") return undefined;
  const dims = scores.slice(0, -1).map(dimText).join(", ");
  if (node.shape.length === scores.length && node.shape.at(-1) === classes) {
    return `classes are integers: of one-hot rows \`argmax(${own}, axis: -1)\` gives them`;
  }
  const declared = call.caller.trace?.model.inputs.get(own)?.declaration;
  return declared === undefined
    ? undefined
    : `classes are declared as such: \`${declared.role} ${own}: category(${classes})[${dims}]\``;
}

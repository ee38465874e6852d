// Takes no input, gives the functions that only analysis can compute: distributions, derivatives, questions about values, `plateau`.
import { differentiate } from "../../autodiff/differentiate.js";
import { isPerExample, jacobian } from "../../autodiff/jacobian.js";
import { whereExamplesMeet } from "../../autodiff/mixing.js";
import { distributions, type Parameter } from "../../ops/primitives.js";
import { isShare } from "../../ops/shares.js";
import { maskOf } from "../../missing.js";
import type { Node } from "../../types/graph.js";
import type { Builtin, BuiltinCall } from "../context.js";
import { admits, hintOf, kinds } from "../kinds.js";
import { fails } from "../values/conditions.js";
import { reachableNodes } from "../values/graphs.js";
import { excerpt, report, reportArgumentOf } from "../report.js";
import { builderAt, toTensor } from "../values/tensors.js";
import { holdDataWithin } from "../values/within.js";
import {
  asInteger,
  asNumber,
  bool,
  describe,
  float,
  int,
  list,
  isPoison,
  isSequence,
  listItems,
  poison,
  tensor,
  typeText,
  type DistributionName,
  type Value,
} from "../values/values.js";

export function languageBuiltins(): Builtin[] {
  return [
    ...distributionNames.map(distribution),
    { name: "grad", parameters: ["e", "x"], apply: gradient },
    { name: "jacobian", parameters: ["h", "x"], apply: jacobianOf },
    { name: "len", parameters: ["list"], apply: length },
    { name: "is_list", parameters: ["value"], apply: isList },
    { name: "is_constant", parameters: ["value"], apply: isConstant },
    { name: "is_probability", parameters: ["value"], apply: isProbability },
    { name: "is_missing", parameters: ["x"], apply: isMissing },
    { name: "require", parameters: ["value", "condition", "expected"], apply: requirement },
    { name: "within", parameters: ["value", "low", "high"], apply: within },
    { name: "plateau", parameters: ["factor?", "patience?"], apply: plateau },
  ];
}

const distributionNames: readonly DistributionName[] = [
  "uniform",
  "normal",
  "bernoulli",
  "randint",
  "categorical",
];

/** A distribution is a value: its parameters are kept until it meets a shape. */
function distribution(name: DistributionName): Builtin {
  const { parameters } = distributions[name];
  return {
    name,
    parameters: parameters.map((own) => (own.default === undefined ? own.name : `${own.name}?`)),
    apply: (call) => {
      const given = parameters.map((own) => {
        const standard = typeof own.default === "number" ? own.default : 0;
        return call.values.get(own.name) ?? float(standard);
      });
      if (!given.every((value, index) => holdsOperand(call, parameters[index]?.name ?? "", value)))
        return poison;
      const outside = distributions[name].outside?.(given.map(asNumber));
      if (outside === undefined) return { kind: "distribution", name, parameters: given };
      // Of two that do not agree, the one that was given.
      const isGiven = (position: number): boolean =>
        call.values.has(parameters[position]?.name ?? "");
      const { counterpart } = outside;
      const told = counterpart === undefined || isGiven(outside.position) ? outside : counterpart;
      const other = counterpart && (told === outside ? counterpart : outside);
      const missing = other === undefined || isGiven(other.position) ? undefined : other.position;
      return outsideDomain(call, parameters[told.position]?.name ?? "", {
        value: given[told.position] ?? poison,
        expected: told.expected,
        notes: missing === undefined ? [] : [leftOut(parameters[missing])],
      });
    },
  };
}

const leftOut = (own: Parameter | undefined): string =>
  `\`${own?.name ?? ""}\` is left out, so it is ${typeof own?.default === "number" ? own.default : 0}`;

/** Whether a parameter of a distribution is a number or a tensor; reports what is neither. */
function holdsOperand(
  { frame, name, spans, span }: BuiltinCall,
  own: string,
  value: Value,
): boolean {
  if (admits("operand", value)) return true;
  const wrong = { value, kind: "operand" } as const;
  report(frame, "NN0307", spans.get(own) ?? span, {
    message: `\`${own}\` of ${name} is ${kinds.operand}, not ${describe(value)}`,
    hint: hintOf(frame, wrong),
    wrong,
  });
  return false;
}

function length(call: BuiltinCall): Value {
  const value = call.values.get("list");
  if (value?.kind === "range") return int(value.count);
  if (value?.kind === "list") return int(value.items.length);
  if (value === undefined) return poison;
  return report(call.frame, "NN0307", call.spans.get("list") ?? call.span, {
    message: `\`len\` counts the entries of a list, not ${describe(value)}`,
    hint:
      value.kind === "tensor" ? "name its dimensions in a signature: `x: [batch, n]`" : undefined,
    wrong: { value, kind: "list" },
  });
}

function isList(call: BuiltinCall): Value {
  const value = call.values.get("value");
  return bool(value !== undefined && isSequence(value));
}

function isConstant(call: BuiltinCall): Value {
  const value = call.values.get("value");
  return bool(value !== undefined && known(value));
}

/** `is_probability(x)`: whether all of a tensor of f32 lies from 0 to 1, whatever the data, as that of a softmax does. */
function isProbability(call: BuiltinCall): Value {
  const value = call.values.get("value");
  return bool(value?.kind === "tensor" && isShare(value.node));
}

/** `is_missing(x)`: of which values of an input the data had none, and has what stands for them. */
function isMissing(call: BuiltinCall): Value {
  const { frame } = call;
  const value = call.values.get("x") ?? poison;
  const span = call.spans.get("x") ?? call.span;
  const node = value.kind === "tensor" ? value.node : undefined;
  // What is declared f16 is read through its rounding.
  const given = node?.op === "half" ? node.inputs[0] : node;
  const leaf = given?.op === "input" ? given : undefined;
  const model = frame.trace?.model;
  const input = model?.inputs.get(leaf?.attributes.name ?? "")?.declaration;
  if (leaf === undefined || input === undefined || model === undefined) {
    return report(frame, "NN0317", span, {
      message: `\`is_missing\` asks of an input or a target, not of ${describe(value)}`,
      hint: "ask of the input itself, and take of the answer what is needed: `is_missing(x)[:, 0]`",
    });
  }
  if (input.missing === undefined || input.type === "bool") {
    const { name, role, type } = input;
    return report(frame, "NN0317", span, {
      message:
        input.missing === undefined
          ? `nothing is missing in \`${name}\`: data without a value is an error there`
          : `a \`${type}\` has no number to spare for what is missing`,
      labels:
        input.place.file === frame.unit.source
          ? [{ span: input.place.span, text: "declared here" }]
          : [],
      hint:
        input.missing === undefined
          ? `say what stands for it: \`${role} ${name}: ${typeText(leaf)} missing 0\``
          : `declare it as \`category(2)\`: \`${role} ${name}: category(2)${typeText({ type: "f32", shape: leaf.shape })} missing 0\``,
    });
  }
  model.masked.add(input.name);
  const type = { type: "bool", shape: leaf.shape } as const;
  return tensor(builderAt(frame, call.span).input(maskOf(input.name), type));
}

function known(value: Value): boolean {
  if (value.kind === "list") return value.items.every(known);
  return ["int", "float", "bool", "string", "range"].includes(value.kind);
}

/**
 * `require(rate, rate >= 0, "a number from 0")`: the value itself. A condition that is known while compiling and does not
 * hold is a mistake in the argument that the value came from; one of tensors says nothing yet.
 */
function requirement(call: BuiltinCall): Value {
  const value = call.values.get("value") ?? poison;
  const condition = call.values.get("condition") ?? poison;
  const expected = call.values.get("expected");
  if (expected?.kind !== "string") {
    return report(call.frame, "NN0311", call.spans.get("expected") ?? call.span, {
      message: "`require` says in a string what the value must be",
      hint: '`require(rate, rate >= 0, "a number from 0")`',
    });
  }
  if (!fails(condition)) return value;
  return outsideDomain(call, "value", { value, expected: expected.value });
}

/** `within(target, 0, 1)`: the value itself; data of inputs that reach it unchanged are held to these numbers where they are read. */
function within({ frame, values, spans, span }: BuiltinCall): Value {
  const value = values.get("value") ?? poison;
  const [least, most] = [values.get("low") ?? poison, values.get("high") ?? poison];
  if (isPoison(least) || isPoison(most)) return value;
  const [low, high] = [asNumber(least), asNumber(most)];
  if (low === undefined || high === undefined || low > high) {
    return report(frame, "NN0311", spans.get(low === undefined ? "low" : "high") ?? span, {
      message: "`within` wants two numbers, the least and the largest",
      hint: "`within(target, 0, 1)`",
    });
  }
  const model = frame.trace?.model;
  if (value.kind === "tensor" && model !== undefined)
    holdDataWithin(model, value.node, [low, high]);
  return value;
}

/** The mistake of an argument that is not what it must be, told where the user wrote it. */
function outsideDomain(
  call: BuiltinCall,
  name: string,
  {
    value,
    expected,
    notes = [],
  }: { readonly value: Value; readonly expected: string; readonly notes?: readonly string[] },
): Value {
  const span = call.spans.get(name) ?? call.span;
  return reportArgumentOf(call.frame, "NN0314", span, (place) => {
    const { parameter } = place;
    const own = call.name === "require" ? excerpt(call.frame, span) : `${name}\` of \`${call.name}`;
    const what = parameter === undefined ? own : `${parameter.name}\` of \`${parameter.of}`;
    return { message: `\`${what}\` is ${describe(value)}; it must be ${expected}`, notes };
  });
}

/** `grad(e, x)`: the derivative of `sum(e)`; for a list of names a list. */
function gradient(call: BuiltinCall): Value {
  const { frame, span } = call;
  const e = call.values.get("e");
  const x = call.values.get("x");
  if (e === undefined || x === undefined) return poison;
  const output = real(call, "e", e);
  const several = listItems(x);
  const variables: Node[] = [];
  for (const item of several ?? [x]) {
    const node = real(call, "x", item);
    if (node === undefined) return poison;
    variables.push(node);
  }
  if (output === undefined || !dependsOn(call, output, variables)) return poison;
  const builder = builderAt(frame, span);
  const derivatives = differentiate(builder, output, variables);
  for (const derivative of derivatives) noteDerivative(call, derivative, output);
  const results = derivatives.map(tensor);
  const [only] = results;
  return several === undefined ? (only ?? poison) : list(results);
}

function jacobianOf(call: BuiltinCall): Value {
  const { frame, span } = call;
  const h = call.values.get("h");
  const x = call.values.get("x");
  if (h === undefined || x === undefined) return poison;
  if (listItems(x) !== undefined) {
    return report(frame, "NN0311", call.spans.get("x") ?? span, {
      message: "a jacobian is taken by one name, not by a list",
      hint: "take one by each: `jacobian(h, a)` and `jacobian(h, b)`",
    });
  }
  const output = real(call, "h", h);
  const variable = real(call, "x", x);
  if (output === undefined || variable === undefined) return poison;
  if (!dependsOn(call, output, [variable])) return poison;
  const meeting = isPerExample(output, variable) ? whereExamplesMeet(output, variable) : undefined;
  if (meeting !== undefined) return examplesMix(call, meeting);
  const derivative = jacobian(builderAt(frame, span), output, variable);
  noteDerivative(call, derivative, output);
  return tensor(derivative);
}

/** What entered an expression entered its derivative, though it may have cancelled: of `2 * x` that is 2, whatever x is. */
function noteDerivative({ frame: { run } }: BuiltinCall, derivative: Node, of: Node): void {
  run.derivatives.set(derivative, [...(run.derivatives.get(derivative) ?? []), of]);
}

/** One example's `h` depends on other examples' `x`: a jacobian per example would leave that out. */
function examplesMix(call: BuiltinCall, { origin }: Node): Value {
  const { frame } = call;
  const whole = origin?.file === frame.unit.source ? excerpt(frame, origin.span) : undefined;
  const text = whole?.endsWith("...") === true ? undefined : whole;
  return report(frame, "NN0315", call.spans.get("h") ?? call.span, {
    message: "a jacobian is taken for each example by itself, but here examples mix",
    notes:
      text === undefined
        ? []
        : [`they meet in \`${text}\`, which depends on several examples at once`],
    hint: `take what is computed over the batch as given: \`stop_gradient(${text ?? "mean(x, axis: 0)"})\``,
  });
}

/** A tensor of f32 that exists already: derivatives are taken of and by computed values. */
function real(call: BuiltinCall, name: string, value: Value): Node | undefined {
  const span = call.spans.get(name) ?? call.span;
  const node = toTensor(call.frame, { value, span });
  if (node === undefined) return undefined;
  if (node.type === "f32") return node;
  report(call.frame, "NN0302", span, {
    message: `a derivative is of and by f32, not ${typeText(node)}`,
  });
  return undefined;
}

function dependsOn(call: BuiltinCall, output: Node, variables: readonly Node[]): boolean {
  const used = reachableNodes([output]);
  for (const node of used) {
    const differentiated = call.frame.run.derivatives.get(node) ?? [];
    for (const entered of reachableNodes(differentiated)) used.add(entered);
  }
  if (variables.every((variable) => used.has(variable))) return true;
  const span = call.spans.get("x") ?? call.span;
  const e = call.spans.get("e") ?? call.spans.get("h") ?? call.span;
  report(call.frame, "NN0313", span, {
    message: `\`${excerpt(call.frame, e)}\` is not computed from this`,
    notes: ["a derivative is taken by a name that was bound before the expression used it"],
    hint: "bind it to a name first, and compute the expression from that name",
  });
  return false;
}

/** A scalar of the training loop: multiplied by `factor` when the validation loss stops improving. */
function plateau(call: BuiltinCall): Value {
  const { frame, span } = call;
  const { plateaus } = frame.run;
  if (plateaus === undefined) {
    return report(frame, "NN0503", span, {
      message: "`plateau` stands in the optimizers of `train` blocks alone",
      hint: "use it there: `optimizer adam(lr: 1e-3 * plateau())`",
    });
  }
  const factor = asNumber(call.values.get("factor") ?? float(0.1));
  const patience = asInteger(call.values.get("patience") ?? int(10));
  const good =
    factor !== undefined && factor > 0 && factor < 1 && patience !== undefined && patience >= 0;
  if (!good) {
    return report(frame, "NN0504", span, {
      message: "`plateau` wants a factor between 0 and 1 and a whole number of epochs as patience",
      hint: "`plateau(factor: 0.5, patience: 3)`",
    });
  }
  plateaus.push({ factor, patience, span });
  return tensor(frame.run.builder.hostScalar(`plateau.${plateaus.length - 1}`));
}

// A call comes in, as written or as a function value with evaluated arguments; the value that it gives goes out.
import type * as ast from "../../../grammar/ast.js";
import type { Span } from "../../../grammar/span.js";
import { GraphError } from "../../ops/problem.js";
import {
  calledAs,
  checkGiven,
  checkMissing,
  evaluateAnyway,
  evaluateArguments,
  textOf,
  type WrittenArguments,
} from "./arguments.js";
import { depthLimit, spendStatement, spendWork } from "../budget.js";
import type { CallEffects, CallRequest, Frame, Instance } from "../context.js";
import { callSite, newActivation, spoil } from "../frames.js";
import { warnLayerSlips } from "../bodies/slips.js";
import { calleeOf, type Callee } from "./functions.js";
import { drawPath, namedInstance, parameterInstance, unnamedInstance } from "./naming.js";
import { report } from "../report.js";
import { findBinding, hiddenLazy, newScope } from "../values/scope.js";
import { callsSoFar, noteCall } from "./traced.js";
import { bindParameters, checkResult } from "./signatures.js";
import { reportProblem, type Operand } from "../values/tensors.js";
import {
  describe,
  isPoison,
  isSpoilt,
  poison,
  type ClosureValue,
  type FunctionValue,
  type GivenArgument,
  type Value,
} from "../values/values.js";

/** A call as written; `piped` is what a pipeline leads into it. */
export function evaluateCall(
  written: ast.CallExpression | ast.PipelineStage,
  frame: Frame,
  piped?: Operand,
): Value {
  const value = frame.run.evaluator.expression(written.callee, frame);
  const name = textOf(frame, written.callee.span);
  const span =
    written.kind === "Call"
      ? written.span
      : { start: written.callee.span.start, end: written.span.end };
  if (value.kind !== "function") {
    evaluateAnyway(written.arguments, frame);
    return isPoison(value) ? poison : reportNoFunction(frame, written.callee.span, value);
  }
  const callee = calleeOf(frame, value);
  const rest = evaluateArguments(written.arguments, frame, callee, piped === undefined ? 0 : 1);
  const first: GivenArgument[] = [];
  if (piped !== undefined) {
    first.push({ name: undefined, nameSpan: undefined, ...piped, unit: frame.unit });
  }
  if (rest.spoilt) return poison;
  const given = [...first, ...rest.given];
  const request = { given, span, name, callee: written.callee.span, ...specials(rest) };
  return call(value, request, frame);
}

function specials(written: WrittenArguments): Pick<CallRequest, "instanceName" | "training"> {
  return { instanceName: written.instanceName, training: written.training };
}

function reportNoFunction(frame: Frame, span: Span, value: Value): Value {
  const name = textOf(frame, span);
  const hidden = hiddenFunction(frame, name);
  if (hidden !== undefined) {
    return report(frame, "NN0206", span, {
      message: `\`${name}\` is ${describe(value)} here, which hides the ${hidden.word} \`${name}\``,
      labels:
        hidden.bound === undefined ? [] : [{ span: hidden.bound, text: "given that name here" }],
      hint: `give what is bound there another name, as \`${name}_\``,
    });
  }
  return report(frame, "NN0206", span, {
    message: `\`${name}\` is ${describe(value)} and cannot be called`,
    hint:
      value.kind === "tensor"
        ? "`x[i]` takes entries, `*` multiplies"
        : `functions and layers are called; \`${name} * (…)\` multiplies`,
    wrong: { value, kind: "function" },
  });
}

/** A declaration, or function of the compiler, whose name something else bears where it is called. */
function hiddenFunction(
  frame: Frame,
  name: string,
): { readonly word: string; readonly bound: Span | undefined } | undefined {
  const binding = findBinding(frame.scope, name);
  if (binding === undefined) return undefined;
  const place = binding.place?.unit === frame.unit ? binding.place.span : undefined;
  if (frame.run.builtins.has(name)) return { word: "function", bound: place };
  const declared = hiddenLazy(frame.scope, name)?.place;
  const declaration = declared?.unit.tree.declarations.find(
    (one) => "name" in one && one.name === name,
  );
  const word = declaration && wordOf[declaration.kind];
  return word === undefined ? undefined : { word, bound: place };
}

/** What declarations that are called are called. */
const wordOf: Readonly<Record<string, string>> = {
  Function: "function",
  Layer: "layer",
  Init: "initializer",
};

/** A call costs more than an expression. */
const callWork = 5;

/** Calls a function value with evaluated arguments. */
export function call(value: FunctionValue, request: CallRequest, frame: Frame): Value {
  if (!spendWork(frame, request.span, callWork)) return poison;
  const callee = calleeOf(frame, value);
  const called = calledAs(value, request, frame);
  const matched = checkGiven(called, callee, request.given, 0);
  if (matched === undefined || !checkMissing(called, callee, matched)) return poison;
  const { base } = callee;
  if (base.form === "builtin") {
    const since = callsSoFar(frame);
    const result = callBuiltin(base.name, matched, request, frame);
    const ended = { base, instance: undefined, written: request.name, given: matched, result };
    noteCall(frame, since, ended);
    return result;
  }
  const { declaration } = base;
  switch (declaration.kind) {
    case "Function":
    case "Layer":
      // Reported before anything ran.
      if (frame.run.recursive.has(declaration)) return poison;
      return callBody(base, callee, matched, request, frame);
    case "Init":
      return {
        kind: "initializer",
        target: base,
        given: [...matched].map(([name, argument]) => ({ ...argument, name })),
        call: { unit: frame.unit, span: request.span, frame },
      };
    case "Optimizer":
    case "Projection":
      if (called.handed !== undefined) return reportNoFunction(frame, called.handed, value);
      return report(frame, "NN0207", request.span, {
        message: `${request.name} is ${declaration.kind === "Optimizer" ? "an optimizer" : "a projection"} and computes no value`,
        hint:
          declaration.kind === "Optimizer"
            ? `write \`optimizer ${request.name}(…)\` in a \`train\` block`
            : `write \`project ${request.name}(…) on weights\` in a model`,
      });
  }
}

function callBuiltin(
  name: string,
  matched: ReadonlyMap<string, GivenArgument>,
  request: CallRequest,
  frame: Frame,
): Value {
  const found = frame.run.builtins.get(name);
  if (found === undefined) return poison;
  if ([...matched.values()].some(({ value }) => isSpoilt(value))) return poison;
  const values = new Map<string, Value>();
  const spans = new Map<string, Span>();
  for (const [key, argument] of matched) {
    values.set(key, argument.value);
    spans.set(key, argument.unit === frame.unit ? argument.span : request.span);
  }
  try {
    return found.apply({ frame, span: request.span, name: request.name, values, spans });
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    return reportProblem(frame, request.span, error.problem, []);
  }
}

function callBody(
  closure: ClosureValue,
  callee: Callee,
  matched: ReadonlyMap<string, GivenArgument>,
  request: CallRequest,
  frame: Frame,
): Value {
  if (!mayCall(closure, request, frame)) return poison;
  const since = callsSoFar(frame);
  const body = bodyFrame(closure, callee, matched, request, frame);
  if (body === undefined) return poison;
  const { span, name } = request;
  if (!bindParameters({ caller: frame, body, closure, callee, matched, span, name })) return poison;
  const { declaration } = closure;
  if (declaration.kind !== "Function" && declaration.kind !== "Layer") return poison;
  if (declaration.body.kind !== "Block" && !spendStatement(frame, request.span)) return poison;
  const value = runBody(declaration.body, body);
  if (declaration.kind === "Layer" && declaration.body.kind === "Block" && !body.unit.prelude) {
    warnLayerSlips(declaration.body, body);
  }
  const result = checkResult(body, closure, declaration.result, value);
  if (body.effects !== undefined && body.effects !== frame.effects)
    noteResults(body.effects, result);
  const instance = declaration.kind === "Layer" ? body.instance?.path : undefined;
  noteCall(frame, since, { base: closure, instance, written: name, given: matched, result });
  return result;
}

/** The value of a body: an expression with its `where` bindings, or what a block returns. */
export function runBody(body: ast.Body, frame: Frame): Value {
  const { evaluator } = frame.run;
  if (body.kind === "Block") {
    // A block that does not return was reported with its placement.
    return evaluator.block(body, frame) ?? spoil(frame);
  }
  evaluator.where(body.where, frame);
  return evaluator.expression(body.value, frame);
}

function noteResults(effects: CallEffects, value: Value): void {
  const values = value.kind === "results" ? value.values : [value];
  effects.results = values.flatMap((item) => (item.kind === "tensor" ? [item.node] : []));
}

/** Layers live in models, and calls nest to a bounded depth. */
function mayCall(closure: ClosureValue, request: CallRequest, frame: Frame): boolean {
  const { declaration } = closure;
  if (frame.depth >= depthLimit) {
    frame.run.budget.exhausted = true;
    report(frame, "NN0606", request.span, {
      message: `calls are nested more than ${depthLimit} deep here`,
      hint: "a function that is handed to itself never ends",
    });
    return false;
  }
  return declaration.kind !== "Layer" || mayCallLayer(request, frame);
}

function mayCallLayer(request: CallRequest, frame: Frame): boolean {
  if (frame.trace !== undefined && frame.instance !== undefined && frame.body !== "init")
    return true;
  const inFunction = frame.trace !== undefined && frame.body === "fn";
  report(frame, "NN0405", request.span, {
    message: inFunction
      ? `a \`fn\` has no parameters of its own, so it cannot call the layer ${request.name}`
      : `the layer ${request.name} can be called in models and layers alone`,
    hint: inFunction
      ? "declare it as `layer`, or declare the `fn` inside the layer or model that uses it"
      : undefined,
  });
  return false;
}

function bodyFrame(
  closure: ClosureValue,
  callee: Callee,
  matched: ReadonlyMap<string, GivenArgument>,
  request: CallRequest,
  frame: Frame,
): Frame | undefined {
  const { declaration, home } = closure;
  const isLayer = declaration.kind === "Layer";
  const instance = isLayer
    ? layerInstance(declaration.name, callee, request, frame)
    : home?.instance;
  if (isLayer && instance === undefined) return undefined;
  const shared = callee.shared;
  const label = isLayer ? lastName(instance?.path ?? "") : declaration.name;
  return {
    run: frame.run,
    taint: frame.taint,
    trace: frame.trace,
    unit: closure.unit,
    scope: newScope(closure.scope),
    body: isLayer
      ? "layer"
      : frame.body === "init" || frame.body === "optimizer"
        ? frame.body
        : "fn",
    instance: instance,
    activation: isLayer ? newActivation() : (home?.activation ?? frame.activation),
    drawPath: drawPath(frame, shared === undefined ? label : shared.name, request.span),
    training: request.training ?? frame.training,
    call: callSite(frame, request.span, request.name, matched),
    declaration,
    depth: frame.depth + 1,
    scan: frame.scan,
    effects: isLayer ? { results: [] } : frame.effects,
    template: undefined,
    scheduled: frame.scheduled,
  };
}

const lastName = (path: string): string => path.slice(path.lastIndexOf(".") + 1);

function layerInstance(
  layer: string,
  callee: Callee,
  request: CallRequest,
  frame: Frame,
): Instance | undefined {
  const model = frame.trace?.model;
  if (model === undefined) return undefined;
  if (callee.shared !== undefined) {
    if (request.instanceName === undefined) return callee.shared.instance;
    report(frame, "NN0406", request.span, {
      message: `${request.name} has its name already: it is shared`,
      hint: "leave out `name:`",
    });
    return undefined;
  }
  if (request.instanceName !== undefined) {
    const path = namedInstance(frame, model, request.instanceName, request.span);
    if (path !== undefined) return { path };
    report(frame, "NN0406", request.span, {
      message: `\`${request.instanceName}\` names another layer, weight or shared instance here already`,
      hint: "each name stands once in a model or layer; `shared` makes one instance to call many times",
    });
    return undefined;
  }
  if (callee.parameter !== undefined) {
    return { path: parameterInstance(frame, model, callee.parameter, request.span) };
  }
  return { path: unnamedInstance(frame, model, layer, request.span) };
}

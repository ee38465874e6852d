// A function value comes in; what a call of it may give (its parameters in positional order, those already given, those that want functions) goes out.
import type * as ast from "../../../grammar/ast.js";
import type { Frame } from "../context.js";
import { findBinding, findLazy, newScope, type Scope } from "../values/scope.js";
import { withScope } from "../frames.js";
import { distributions } from "../../ops/primitives.js";
import { usesOf } from "./uses.js";
import { walk, type SyntaxNode } from "./syntax.js";
import { lookup } from "../values/lookup.js";
import {
  declarationOf,
  type BuiltinValue,
  type ClosureValue,
  type FunctionValue,
  type GivenArgument,
  type SharedValue,
} from "../values/values.js";

/** What a call of a function value comes down to. */
export interface Callee {
  readonly base: ClosureValue | BuiltinValue;
  /** All parameters, as declared. */
  readonly parameters: readonly ParameterShape[];
  /** The names that positional arguments fill, in order. */
  readonly order: readonly string[];
  /** What earlier partial calls gave, by parameter name. */
  readonly preset: ReadonlyMap<string, GivenArgument>;
  readonly shared: SharedValue | undefined;
  /** The parameter that a layer was given for. */
  readonly parameter: string | undefined;
}

export interface ParameterShape {
  readonly name: string;
  readonly required: boolean;
  readonly declared: ast.Parameter | undefined;
}

export function calleeOf(frame: Frame, value: FunctionValue): Callee {
  if (value.form === "closure" || value.form === "builtin") {
    const parameters = parametersOf(frame, value);
    return {
      base: value,
      parameters,
      order: parameters.map(({ name }) => name),
      preset: new Map(),
      shared: undefined,
      parameter: undefined,
    };
  }
  const inner = calleeOf(frame, value.target);
  const preset = new Map(inner.preset);
  const rest = inner.order.slice(1);
  let position = 0;
  for (const argument of value.given) {
    const name = argument.name ?? rest[position++];
    if (name !== undefined) preset.set(name, argument);
  }
  const open = inner.order.filter((name) => !preset.has(name));
  const order =
    value.form === "partial"
      ? open
      : open.filter((name, index) => index === 0 || isRequired(inner, name));
  return {
    ...inner,
    order,
    preset,
    shared: value.form === "shared" ? value : inner.shared,
    parameter: value.form === "partial" ? (value.parameter ?? inner.parameter) : inner.parameter,
  };
}

function isRequired(callee: Callee, name: string): boolean {
  return callee.parameters.find((parameter) => parameter.name === name)?.required === true;
}

function parametersOf(frame: Frame, value: ClosureValue | BuiltinValue): ParameterShape[] {
  if (value.form === "builtin") {
    const names = frame.run.builtins.get(value.name)?.parameters ?? [];
    return names.map((name) => ({
      name: name.replace("?", ""),
      required: !name.endsWith("?"),
      declared: undefined,
    }));
  }
  return value.declaration.parameters.map((declared) => ({
    name: declared.name,
    required: declared.default === undefined,
    declared,
  }));
}

/** Whether a call given for this parameter leaves out its own first parameter, because the body calls what it gets. */
export function wantsFunction(frame: Frame, callee: Callee, name: string): boolean {
  const { base } = callee;
  if (base.form === "builtin") return false;
  return functionParameters(frame, base).has(name);
}

/** The parameters that a body calls, or hands on to where a function is wanted. */
export function functionParameters(frame: Frame, closure: ClosureValue): ReadonlySet<string> {
  const cache = frame.run.functionParameters;
  const known = cache.get(closure.declaration);
  if (known !== undefined) return known;
  const found = new Set<string>();
  cache.set(closure.declaration, found);
  const { declaration } = closure;
  const untyped = declaration.parameters.filter(({ type }) => type === undefined);
  const scope = newScope(closure.scope);
  for (const parameter of untyped) {
    if (defaultsToFunction(frame, parameter, scope)) found.add(parameter.name);
  }
  const names = new Set(untyped.map(({ name }) => name));
  const body = "body" in declaration ? declaration.body : declaration.block;
  walk(body, (node) => {
    for (const name of calledNames(frame, node, scope)) if (names.has(name)) found.add(name);
  });
  return found;
}

/** Whether a function makes a value of values: initializers, distributions, optimizers and projections do not. */
export function computes(value: FunctionValue): boolean {
  if (value.form === "builtin") return !(value.name in distributions);
  const kind = declarationOf(value)?.declaration.kind;
  return value.form !== "closure" && kind === undefined
    ? computes(value.target)
    : kind === "Function" || kind === "Layer";
}

/** Whether what a body calls by this name must make a value of values: its default does, or a number is made of the result. */
export function wantsComputed(
  frame: Frame,
  base: ClosureValue | BuiltinValue,
  name: string,
): boolean {
  if (base.form === "builtin") return false;
  const { declaration, scope } = base;
  const parameter = declaration.parameters.find((own) => own.name === name);
  if (parameter === undefined || parameter.type !== undefined) return false;
  const { default: standard } = parameter;
  if (standard?.kind === "Name" && isDeclared(scope, standard.name)) {
    const value = lookup(withScope(frame, scope), standard.name);
    if (value?.kind === "function") return computes(value);
  }
  return usesOf(declaration, name).calculated > 0;
}

function defaultsToFunction(frame: Frame, parameter: ast.Parameter, scope: Scope): boolean {
  if (parameter.default?.kind !== "Name") return false;
  if (!isDeclared(scope, parameter.default.name)) return false;
  const value = lookup(withScope(frame, scope), parameter.default.name);
  if (value?.kind !== "function") return false;
  return !(value.form === "closure" && value.declaration.kind === "Init");
}

function isDeclared(scope: Scope, name: string): boolean {
  return findBinding(scope, name) !== undefined || findLazy(scope, name) !== undefined;
}

/** The names that a piece of syntax calls, or hands on to where a function is wanted. */
function calledNames(frame: Frame, node: SyntaxNode, scope: Scope): string[] {
  const found: string[] = [];
  if (node.kind !== "Call" && node.kind !== "Stage") return found;
  const call = node as unknown as ast.CallExpression | ast.PipelineStage;
  const { callee } = call;
  if (callee.kind !== "Name") return found;
  found.push(callee.name);
  const declared = findLazy(scope, callee.name);
  if (declared?.status === "running") return found;
  const value = declared === undefined ? undefined : lookup(withScope(frame, scope), callee.name);
  if (value?.kind !== "function" || value.form !== "closure") return found;
  const wanting = functionParameters(frame, value);
  for (const argument of call.arguments) {
    const to = argument.name;
    if (to !== undefined && wanting.has(to) && argument.value.kind === "Name") {
      found.push(argument.value.name);
    }
  }
  return found;
}

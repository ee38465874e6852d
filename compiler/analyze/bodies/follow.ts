// `slow.* = online.*` and `slow.* <- e` come in; what the parameters below an instance start from, or are after each step, goes out.
import type * as ast from "../../../grammar/ast.js";
import { shapeEqual, shapeText } from "../../types/dimension.js";
import type { Node } from "../../types/graph.js";
import { refusesNext } from "../calls/elements.js";
import { walk } from "../calls/syntax.js";
import type { Frame, ModelState, ParameterRecord, TraceState } from "../context.js";
import { didYouMean, report } from "../report.js";
import { findLeaf } from "../values/graphs.js";
import { bind, findBinding, newScope } from "../values/scope.js";
import { placeOf, toTensor } from "../values/tensors.js";
import { isSpoilt, tensor, typeText, type Value } from "../values/values.js";

/** The instances that `slow.* <- …` lines of a body name, whether or not these run. */
export function followedIn(block: ast.Block): readonly string[] {
  const found: string[] = [];
  walk(block, (node) => {
    if (node.kind !== "Follow") return;
    const { next, target } = node as ast.FollowStatement;
    if (next) found.push(pathText(target.path));
  });
  return found;
}

/** Under this name `online.*` is bound while one of those that follow it has its turn; no name of a program is like it. */
function everythingText({ path }: ast.EverythingExpression): string {
  return `${pathText(path)}.*`;
}

const pathText = (path: readonly ast.Identifier[]): string =>
  path.map(({ name }) => name).join(".");

/** `online.*` in an expression: the parameter whose turn it is. */
export function evaluateEverything(expression: ast.EverythingExpression, frame: Frame): Value {
  const text = everythingText(expression);
  const found = findBinding(frame.scope, text);
  if (found !== undefined) return found.value;
  const instance = pathText(expression.path);
  return report(frame, "NN0208", expression.span, {
    message: `\`${text}\` is all that stands below \`${instance}\`, which is no value by itself`,
    hint: `\`slow.* = ${text}\` starts other parameters from these, \`slow.* <- ${text}\` under \`if training\` has them follow`,
  });
}

/** What has names below an instance may not be known before the whole body is traced. */
export function runFollow(statement: ast.FollowStatement, frame: Frame, trace: TraceState): void {
  // The names as they are bound here: later bindings of the body are not seen.
  const scope = { ...frame.scope, names: new Map(frame.scope.names) };
  trace.follows.push(() => {
    follow(statement, { ...frame, scope }, trace);
  });
}

function follow(statement: ast.FollowStatement, frame: Frame, trace: TraceState): void {
  const { model } = trace;
  const targets = below(model, pathText(statement.target.path));
  const sources = everythingIn(statement.value).map((source) => ({
    source,
    records: below(model, pathText(source.path)),
  }));
  const sides = [{ source: statement.target, records: targets }, ...sources];
  for (const { source, records } of sides) {
    if (records.size === 0) reportNone(frame, source, model);
  }
  if (sides.some(({ records }) => records.size === 0)) return;
  const differing = sources.filter(({ source, records }) =>
    reportsNames(frame, statement, targets, { source, records }),
  );
  if (differing.length > 0) return;
  for (const [name, target] of targets) {
    const own = { ...frame, scope: newScope(frame.scope) };
    for (const { source, records } of sides) {
      const record = records.get(name);
      if (record !== undefined) bind(own.scope, everythingText(source), tensor(record.leaf));
    }
    const value = valueFor(statement, own, target);
    if (value === undefined) return;
    if (statement.next) setNext(statement, frame, trace, { target, value });
    else if (!setInitial(statement, frame, trace, { target, value })) return;
  }
}

/** The parameters and states below an instance, by their names there. What is fitted to the data is fitted for each. */
function below({ parameters }: ModelState, path: string): ReadonlyMap<string, ParameterRecord> {
  const found = [...parameters].filter(
    ([name, { declaration }]) => name.startsWith(`${path}.`) && declaration.role !== "fitted",
  );
  return new Map(found.map(([name, record]) => [name.slice(path.length + 1), record]));
}

function everythingIn(value: ast.Expression): readonly ast.EverythingExpression[] {
  const found = new Map<string, ast.EverythingExpression>();
  walk(value, (node) => {
    if (node.kind !== "Everything") return;
    const everything = node as ast.EverythingExpression;
    found.set(everythingText(everything), everything);
  });
  return [...found.values()];
}

function reportNone(
  frame: Frame,
  { path, span }: ast.EverythingExpression,
  { parameters, unknown }: ModelState,
): void {
  if (unknown.has("parameters")) {
    frame.taint.spoilt = true;
    return;
  }
  const instances = new Set<string>();
  for (const name of parameters.keys()) {
    for (let at = name.indexOf("."); at >= 0; at = name.indexOf(".", at + 1))
      instances.add(name.slice(0, at));
  }
  const text = pathText(path);
  const [only] = path;
  const isShared = path.length === 1 && findBinding(frame.scope, only?.name ?? "") !== undefined;
  report(frame, "NN0501", span, {
    message: `nothing of this model stands below \`${text}\``,
    notes: isShared ? ["a layer has its parameters from its first call on"] : [],
    hint: isShared ? `call it: \`y = ${text}(x)\`` : didYouMean(text, instances),
  });
}

interface Side {
  readonly source: ast.EverythingExpression;
  readonly records: ReadonlyMap<string, ParameterRecord>;
}

/** Whether two sides have other names, or the same with other shapes; which of them is told. */
function reportsNames(
  frame: Frame,
  { target }: ast.FollowStatement,
  targets: Side["records"],
  { source, records }: Side,
): boolean {
  const lines = [
    ...without(targets, records).map((name) => `only below \`${pathText(target.path)}\`: ${name}`),
    ...without(records, targets).map((name) => `only below \`${pathText(source.path)}\`: ${name}`),
    ...[...targets].flatMap(([name, { declaration }]) => {
      const other = records.get(name)?.declaration;
      return other === undefined || shapeEqual(other.shape, declaration.shape)
        ? []
        : [`\`${name}\` is ${shapeText(declaration.shape)} and ${shapeText(other.shape)}`];
    }),
  ];
  if (lines.length === 0) return false;
  const shown = lines.slice(0, 6);
  report(frame, "NN0417", source.span, {
    message: `\`${everythingText(target)}\` and \`${everythingText(source)}\` are not made alike`,
    notes: [...shown, ...(lines.length > 6 ? [`and ${lines.length - 6} more`] : [])],
    hint: "instances of one layer with the same arguments have the same names and shapes below them",
  });
  return true;
}

function without(names: Side["records"], others: Side["records"]): readonly string[] {
  return [...names.keys()].filter((name) => !others.has(name));
}

interface Followed {
  readonly target: ParameterRecord;
  readonly value: Node;
}

/** In the type and shape of what follows; undefined when a mistake was reported. */
function valueFor(
  { value: expression }: ast.FollowStatement,
  frame: Frame,
  { declaration }: ParameterRecord,
): Node | undefined {
  const value = frame.run.evaluator.expression(expression, frame);
  if (isSpoilt(value)) return undefined;
  const operand = { value, span: expression.span };
  if (refusesNext(frame, `\`${declaration.name}\``, operand, declaration.type)) return undefined;
  const node = toTensor(frame, operand, declaration.type);
  if (node === undefined) return undefined;
  if (shapeEqual(node.shape, declaration.shape)) return node;
  if (node.shape.length === 0) return frame.run.builder.broadcast(node, declaration.shape);
  report(frame, "NN0312", expression.span, {
    message: `what \`${declaration.name}\` follows has another shape`,
    notes: [
      `\`${declaration.name}\` is ${shapeText(declaration.shape)}`,
      `found ${typeText(node)}`,
    ],
    hint: "what follows is computed entry by entry: `0.99 * slow.* + 0.01 * online.*`",
  });
  return undefined;
}

/** Computed before there is any data, as all initial values are. */
function setInitial(
  statement: ast.FollowStatement,
  frame: Frame,
  { model }: TraceState,
  { target, value }: Followed,
): boolean {
  const open = findLeaf(value, ({ op }) => !["constant", "iota", "random", "stored"].includes(op));
  if (open !== undefined) {
    report(frame, "NN0411", statement.value.span, {
      message: "an initial value is computed before there is any data",
      hint: "`slow.* <- …` under `if training` gives next values, once a step",
    });
    return false;
  }
  const { declaration } = target;
  const place = { unit: frame.unit, span: statement.span };
  const started = { ...target, place, declaration: { ...declaration, initial: value } };
  model.parameters.set(declaration.name, started);
  return true;
}

/** What follows is not trained: it is a state from here on. */
function setNext(
  statement: ast.FollowStatement,
  frame: Frame,
  trace: TraceState,
  { target, value }: Followed,
): void {
  if (!trace.training || !frame.training) return;
  const { name } = target.declaration;
  const record = trace.model.parameters.get(name) ?? target;
  const declaration = { ...record.declaration, role: "state" as const };
  trace.model.parameters.set(name, { ...record, declaration });
  trace.updates.push({
    name,
    value,
    place: placeOf(frame, statement.span),
    pace: "update",
    owner: undefined,
  });
}
